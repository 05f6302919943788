/** A match of what was typed in a text: how good it is (higher is better), and which characters fit. */
export interface Match { score: number; at: number[] }

const START = 12; // of the text
const WORD = 8; // of a word in it
const NEXT = 6; // right after the character before
const SKIP = 0.15; // for each character between

const BREAKS = new Set(' \t\n-_.:/@');
const wordStart = (text: string, i: number): boolean => i === 0 || BREAKS.has(text.charAt(i - 1));

/**
 * Looks for the characters of `wanted`, in order, in `text`: null if they aren't all there. The same letters in one piece
 * and at the beginning of words are better than scattered ones, and a short text better than a long one. Case is ignored.
 */
export function fuzzy(wanted: string, text: string): Match | null {
  const w = wanted.toLowerCase();
  if (!w) return { score: 0, at: [] };
  const t = text.toLowerCase();
  // In one piece: the best place is the beginning of a word.
  let piece = -1;
  for (let i = t.indexOf(w); i >= 0; i = t.indexOf(w, i + 1)) {
    if (piece < 0 || wordStart(t, i)) piece = i;
    if (wordStart(t, i)) break;
  }
  if (piece >= 0) {
    // Two letters in the middle of a word are chance; the beginnings of two words are not.
    const base = wordStart(t, piece) ? 100 : w.length >= 3 ? 60 : 0;
    const score = base + w.length * NEXT + (piece === 0 ? START : wordStart(t, piece) ? WORD : 0) - t.length * 0.05 + (t.length === w.length ? 50 : 0);
    return { score, at: Array.from(w, (_, i) => piece + i) };
  }
  // Scattered: beginnings of words first ("dl" finds "docker logs"), else wherever the next one is.
  const at: number[] = [];
  let score = 0;
  let from = 0;
  for (const c of w) {
    if (c === ' ') continue;
    let i = t.indexOf(c, from);
    if (i < 0) return null;
    if (i !== from || from === 0) for (let k = i; k >= 0; k = t.indexOf(c, k + 1)) if (wordStart(t, k)) { i = k; break; }
    score += (wordStart(t, i) ? WORD : 0) + (i === from && at.length > 0 ? NEXT : 0) - (i - from) * SKIP;
    at.push(i);
    from = i + 1;
  }
  // So far apart it is chance, not what was meant.
  return score < 0 ? null : { score: score - t.length * 0.05, at };
}

const NOTHING_ASKED: Match = { score: 0, at: [] };

/** The best `limit` of a list, each with its match. What was used of late goes first among equals. */
export function rank<T>(wanted: string, list: readonly T[], text: (item: T) => string, recent: (item: T) => number, limit: number): { item: T; match: Match }[] {
  const found: { item: T; match: Match; recent: number }[] = [];
  for (const item of list) {
    const match = wanted ? fuzzy(wanted, text(item)) : NOTHING_ASKED;
    if (match) found.push({ item, match, recent: recent(item) });
  }
  found.sort((a, b) => Math.round(b.match.score) - Math.round(a.match.score) || b.recent - a.recent);
  return found.slice(0, limit);
}
