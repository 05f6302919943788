import { expect, it } from 'vitest';
import { diffLines } from './difference';

const show = (a: string, b: string) => diffLines(a, b).map((l) => l.sign + l.text).join('|');

it('shows lines that stayed, came and went', () => {
  expect(show('a\nb\nc', 'a\nc\nd')).toBe(' a|-b| c|+d');
  expect(show('', '')).toBe(' ');
  expect(show('x', 'x\ny')).toBe(' x|+y');
  expect(show('a\nb\na\nb', 'b\na')).toBe('-a| b| a|-b');
});

it('gives both texts whole, whatever they are', () => {
  const a = ['1', '2', '3', '2', '1'].join('\n'), b = ['2', '1', '3', '3'].join('\n');
  const lines = diffLines(a, b);
  expect(lines.filter((l) => l.sign !== '+').map((l) => l.text).join('\n')).toBe(a);
  expect(lines.filter((l) => l.sign !== '-').map((l) => l.text).join('\n')).toBe(b);
});
