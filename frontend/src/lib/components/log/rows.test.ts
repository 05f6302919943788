import { expect, it } from 'vitest';
import type { Line, Stream } from '../../services/api/types';
import { createStyler, css } from './rows';
import { plain } from '../../utils/ansi';
import { since } from './time';

const line = (n: number, text: string, stream: Stream = 'stdout'): Line => ({ n, stream, at: '', text, len: text.length });

it('carries colours from line to line, each stream its own, and not over what is missing', () => {
  const lines = new Map([line(1, '\x1b[31mred'), line(2, 'err', 'stderr'), line(3, 'still red'), line(5, 'after a gap')].map((l) => [l.n, l]));
  const styler = createStyler((n) => lines.get(n));
  const spans = styler.spans(2, 5);
  expect(spans.get(2)?.[0]?.style).toBe(plain);
  expect(spans.get(3)?.[0]?.style.fg).toBe(1);
  expect(spans.has(4)).toBe(false);
  expect(spans.get(5)?.[0]?.style.fg).toBe(null);
  lines.set(4, line(4, 'came later'));
  expect(styler.spans(5, 5).get(5)?.[0]?.style.fg).toBe(1);
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
