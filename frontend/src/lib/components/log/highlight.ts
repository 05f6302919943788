import type { TextQuery } from '../../services/api/types';
import type { Span } from '../../utils/ansi';

/** Where a match begins and ends in the text of a line. */
export type Hit = readonly [from: number, to: number];
export type Highlighter = (text: string) => Hit[];

/** Marks of one line; more would only make it slow. */
const MAX_HITS = 200;
/** Characters of a line in which a pattern is looked for here: Go's search takes time in proportion to the text, a browser's need not. */
const MAX_PATTERN_TEXT = 1000;

/**
 * What finds the places of a query in a line that is known to match. It may find less than Go did (another dialect of
 * patterns, a match beyond what is shown): such a line is marked as a whole.
 */
export function highlighter(query: TextQuery): Highlighter {
  const rule = compile(query);
  if (!rule) return () => [];
  return (text) => {
    const hits: Hit[] = [];
    rule.lastIndex = 0;
    const within = query.regex ? text.slice(0, MAX_PATTERN_TEXT) : text;
    for (let m = rule.exec(within); m && hits.length < MAX_HITS; m = rule.exec(within)) {
      if (m[0] === '') rule.lastIndex++;
      else hits.push([m.index, m.index + m[0].length]);
    }
    return hits;
  };
}

function compile({ text, regex, case: exact }: TextQuery): RegExp | null {
  if (text === '' || (regex && !quick(text))) return null;
  const source = regex ? text.replace(/\(\?P</g, '(?<') : text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  for (const flags of ['gu', 'g']) {
    try {
      return new RegExp(regex ? source : source.replaceAll('\\-', '-'), exact ? flags : `${flags}i`);
    } catch { /* another dialect */ }
  }
  return null;
}

/** Whether a browser answers a pattern fast on any text: no repeated group, and at most two things of any length. */
function quick(pattern: string): boolean {
  const bare = pattern.replace(/\\./g, 'a').replace(/\[\^?\]?[^\]]*\]/g, 'a');
  return !/\)[*+{?]/.test(bare) && (bare.match(/[*+]|\{\d+,\d*\}/g) ?? []).length <= 2;
}

/** A piece of a line to draw. */
export interface Piece { text: string; span: Span; hit: boolean }

/** Cuts spans at the edges of hits. */
export function pieces(spans: Span[], hits: Hit[]): Piece[] {
  const out: Piece[] = [];
  let at = 0, i = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    for (let from = at; from < end; ) {
      while (i < hits.length && (hits[i]?.[1] ?? 0) <= from) i++;
      const [begin, stop] = hits[i] ?? [Infinity, Infinity];
      const hit = begin <= from;
      const to = Math.min(end, hit ? stop : begin);
      out.push({ text: span.text.slice(from - at, to - at), span, hit });
      from = to;
    }
    at = end;
  }
  return out;
}

export const textOf = (spans: Span[]): string => spans.map((s) => s.text).join('');
