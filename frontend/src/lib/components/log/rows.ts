import { parseAnsi, plain, type Span, type Style } from '../../utils/ansi';
import type { Line, Stream } from '../../services/api/types';

/** How far back colours are followed that began on an earlier line. Beyond it a program that never resets is assumed to be done. */
const CARRY_LINES = 256;

type Parsed = { from: Style; spans: Span[]; out: Style };

/** Gives lines their spans. The colour that a stream ended a line in goes on in its next one, as in a terminal. */
export function createStyler(line: (n: number) => Line | undefined) {
  const known = new WeakMap<Line, Parsed>();

  function parse(l: Line, from: Style): Parsed {
    const before = known.get(l);
    if (before && before.from === from) return before;
    const parsed = { from, ...parseAnsi(l.text, from) };
    known.set(l, parsed);
    return parsed;
  }

  return {
    /** The spans of lines [from, to] that are there. */
    spans(from: number, to: number): Map<number, Span[]> {
      const out = new Map<number, Span[]>();
      let first = from;
      while (first > Math.max(1, from - CARRY_LINES) && line(first - 1)) first--;
      const styles: Record<Stream, Style> = { stdout: plain, stderr: plain };
      for (let n = first; n <= to; n++) {
        const l = line(n);
        if (!l) { styles.stdout = styles.stderr = plain; continue; }
        const parsed = parse(l, styles[l.stream]);
        styles[l.stream] = parsed.out;
        if (n >= from) out.set(n, parsed.spans);
      }
      return out;
    },
  };
}

/** The CSS of a style; '' for most text. */
export function css(s: Style): string {
  if (s === plain) return '';
  const [fg, bg] = s.inverse ? [s.bg ?? 'var(--sunken)', s.fg ?? 'var(--text)'] : [s.fg, s.bg];
  const colour = (c: number | string) => (typeof c === 'number' ? `var(--ansi-${c})` : c);
  let out = '';
  if (fg !== null) out += `color:${colour(fg)};`;
  if (bg !== null) out += `background:${colour(bg)};`;
  // Text on a ground of the output's own needs a colour that can be read on it.
  if (bg !== null && fg === null) out += 'color:var(--text);';
  if (s.bold) out += 'font-weight:650;';
  if (s.dim) out += 'opacity:.72;';
  if (s.italic) out += 'font-style:italic;';
  if (s.underline || s.strike) out += `text-decoration:${s.underline ? 'underline' : ''} ${s.strike ? 'line-through' : ''};`;
  return out;
}
