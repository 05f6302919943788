import { expect, it } from 'vitest';
import { plain } from '../../utils/ansi';
import { highlighter, pieces } from './highlight';

const find = (text: string, line: string, more = {}) => highlighter({ text, regex: false, case: false, ...more })(line).map(([a, b]) => line.slice(a, b));

it('finds words as they are typed', () => {
  expect(find('error', 'Error: no ERROR, 1 error')).toEqual(['Error', 'ERROR', 'error']);
  expect(find('Error', 'Error: no ERROR', { case: true })).toEqual(['Error']);
  expect(find('a.b-c[0]', 'a.b-c[0] axb-c0')).toEqual(['a.b-c[0]']);
  expect(find('ÄÖ', 'x äö')).toEqual(['äö']);
  expect(find('', 'x')).toEqual([]);
});

it('finds patterns, and leaves those alone that could take long', () => {
  expect(find('e.+r', 'xerror', { regex: true })).toEqual(['error']);
  expect(find('(?P<n>\\d+) ms', '12 ms, 7 ms', { regex: true })).toEqual(['12 ms', '7 ms']);
  expect(find('x*', 'axxa', { regex: true })).toEqual(['xx']);
  // Tried, each of these would go on until the test's time is over.
  for (const slow of ['(a+)+$', '(a|a)*b', '.*.*.*=', '(', 'a**']) expect(find(slow, 'a'.repeat(4000), { regex: true })).toEqual([]);
  find('.*.*=', 'a'.repeat(4000), { regex: true });
}, 60_000);

it('cuts pieces at the edges of styles and of matches', () => {
  const red = { ...plain, fg: 1 };
  const out = pieces([{ text: 'one tw', style: plain }, { text: 'o three', style: red }], [[4, 7], [8, 9]]);
  expect(out.map((p) => [p.text, p.span.style === red, p.hit])).toEqual([['one ', false, false], ['tw', false, true], ['o', true, true], [' ', true, false], ['t', true, true], ['hree', true, false]]);
  expect(pieces([{ text: 'none', style: plain }], [])).toHaveLength(1);
  expect(pieces([], [[0, 1]])).toEqual([]);
});
