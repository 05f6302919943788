// Where a log is scrolled to, in lines rather than pixels: browsers cap the height of an element at about 33 million
// pixels, which is 1.6 million lines. Only the rows near the screen exist; everything else is a number.

/** The line at the upper edge, and how many of its pixels are above that edge. */
export interface Anchor { line: number; offset: number }

export interface Geometry {
  /** Newest line there is to show; 0 for none. */
  last: number;
  /** Height of the screen in pixels. */
  height: number;
  /** Height of a line with what stands after it, measured or estimated. `last + 1` is what stands after all lines. */
  rowHeight: (line: number) => number;
}

/** The anchor that puts the end of everything at the lower edge; line 1 at the upper one when all of it fits. */
export function atEnd({ last, height, rowHeight }: Geometry): Anchor {
  let left = height - rowHeight(last + 1);
  let line = last + 1;
  while (left > 0 && line > 1) left -= rowHeight(--line);
  return left >= 0 && line <= 1 ? { line: 1, offset: 0 } : { line: Math.max(1, line), offset: Math.max(0, -left) };
}

/** Moves by pixels, never past an end. */
export function move(from: Anchor, pixels: number, g: Geometry): Anchor {
  let { line } = from;
  let offset = from.offset + pixels;
  while (offset < 0 && line > 1) offset += g.rowHeight(--line);
  while (line <= g.last && offset >= g.rowHeight(line)) offset -= g.rowHeight(line++);
  return clamp({ line, offset: Math.max(0, offset) }, g);
}

/** A place is never beyond the end, where the screen would be half empty. */
export function clamp(a: Anchor, g: Geometry): Anchor {
  if (a.line < g.last - g.height / 10) return a; // far from the end: no need to add up heights
  const end = atEnd(g);
  return a.line > end.line || (a.line === end.line && a.offset > end.offset) ? end : a;
}

/** Whether the anchor is at the end, give or take a pixel. */
export function isAtEnd(a: Anchor, g: Geometry): boolean {
  if (a.line < g.last - g.height / 10) return false;
  const end = atEnd(g);
  let left = end.offset - a.offset;
  for (let line = a.line; line < end.line && left <= 1; line++) left += g.rowHeight(line);
  return a.line > end.line || left <= 1;
}

/** The scrollbar's thumb in shares of the track. Its position counts lines, not pixels. */
export function thumb(a: Anchor, g: Geometry, rows: number): { top: number; size: number } {
  const size = g.last <= 0 ? 1 : Math.min(1, rows / Math.max(rows, g.last + 1));
  if (isAtEnd(a, g)) return { top: 1 - size, size };
  const end = Math.max(1, g.last + 1 - rows);
  return { top: Math.min(1, (a.line - 1 + a.offset / Math.max(1, g.rowHeight(a.line))) / end) * (1 - size), size };
}

/** The anchor for a share of the way from the first line to the end. */
export function atShare(share: number, g: Geometry, rows: number): Anchor {
  if (share >= 1) return atEnd(g);
  const place = Math.max(0, share) * Math.max(1, g.last + 1 - rows);
  const line = 1 + Math.floor(place);
  return clamp({ line, offset: (place - Math.floor(place)) * g.rowHeight(line) }, g);
}
