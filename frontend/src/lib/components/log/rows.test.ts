import { expect, it } from 'vitest';
import type { Line } from '../../services/api/types';
import { css, elementsOf, huesOf, spansOf } from './rows';
import { plain } from '../../utils/ansi';
import { since } from './time';

const line = (text: string, style?: string): Line => ({ n: 1, stream: 'stdout', at: '', text, len: text.length, style });

it('begins a line in the style that is in force there', () => {
  const spans = spansOf(line('still red\x1b[0m, plain', '1;38;5;1'));
  expect(spans.map((s) => [s.text, s.style.fg, s.style.bold])).toEqual([['still red', 1, true], [', plain', null, false]]);
  expect(spansOf(line('plain'))).toEqual([{ text: 'plain', style: plain }]);
});

it('writes styles as CSS', () => {
  expect(css(plain)).toBe('');
  expect(css({ ...plain, fg: 2, bold: true })).toBe('color:var(--ansi-2);font-weight:650;');
  expect(css({ ...plain, inverse: true })).toBe('color:var(--sunken);background:var(--text);');
  expect(css({ ...plain, inverse: true, fg: 3 })).toBe('color:var(--sunken);background:var(--ansi-3);');
  expect(css({ ...plain, bg: 4 })).toBe('background:color-mix(in oklab,var(--ansi-4) 38%,var(--sunken));color:var(--text);');
  expect(css({ ...plain, underline: true, strike: true })).toBe('text-decoration:underline line-through;');
});

it('tells the time since the start', () => {
  const start = '2026-11-24T12:00:00.000Z';
  expect(since('2026-11-24T12:00:00.208Z', start)).toBe('+0.208');
  expect(since('2026-11-24T12:01:02.500Z', start)).toBe('+1:02.500');
  expect(since('2026-11-24T14:01:02.500Z', start)).toBe('+2:01:02.500');
  expect(since(start, null)).toBe('+0.000');
});

it('keeps colours of a program\'s own readable on either ground', () => {
  expect(css({ ...plain, fg: 'rgb(0 0 95)' })).toMatch(/^--rgb-l:rgb\(0 0 95\);--rgb-d:rgb\(\d{2,3} \d{2,3} \d{3}\);$/);
  expect(css({ ...plain, fg: 'rgb(255 255 135)' })).toMatch(/--rgb-d:rgb\(255 255 135\);$/);
  expect(css({ ...plain, bg: 'rgb(255 255 135)' })).toContain('color:#000');
  expect(css({ ...plain, bg: 'rgb(0 0 95)' })).toContain('color:#fff');
});

it('gives names of VMs colours that differ as long as there are some', () => {
  const names = ['bastion', 'web-1', 'web-2', 'web-3', 'db-1'];
  const hues = huesOf(names);
  expect(new Set(hues.values()).size).toBe(5);
  expect(huesOf(['bastion']).get('bastion')).toBe(hues.get('bastion'));
  expect(huesOf(['web-1']).get('web-1')).toBe(huesOf(['bastion']).get('bastion')); // they would have the same
  expect(huesOf([...names, 'more', 'and more', 'more']).size).toBe(7);
});

it('draws other lines with the elements of those that left the screen', () => {
  const first = elementsOf([1, 2, 3], new Map(), false);
  expect(new Set(first.values()).size).toBe(3);
  const second = elementsOf([3, 4, 5, 6], first, false);
  expect(second.get(3)).toBe(first.get(3));
  expect([second.get(4), second.get(5)]).toEqual([first.get(1), first.get(2)]);
  expect([...first.values()]).not.toContain(second.get(6));
  const held = elementsOf([6, 7], second, true);
  expect(held.get(6)).toBe(second.get(6));
  expect([...second.values()]).not.toContain(held.get(7));
});
