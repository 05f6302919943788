import { parseAnsi, plain, styleOf, type Colour, type Span, type Style } from '../../utils/ansi';
import type { Line, OpenLine } from '../../services/api/types';

const known = new WeakMap<Line | OpenLine, Span[]>();

/** A line in pieces of one style each. It begins in the style that Go says is in force there, whatever stands above it. */
export function spansOf(line: Line | OpenLine): Span[] {
  let spans = known.get(line);
  if (!spans) known.set(line, (spans = parseAnsi(line.text, styleOf(line.style)).spans));
  return spans;
}

/** Bytes of a long line that are shown at once; Go gives it in parts of this size. */
export const PART = 65_536;

/** A part of a line as it is shown: what was overwritten stands before what came over it, with a sign between. */
export const partOf = (text: string): string => text.replace(/\r+$/, '').replaceAll('\r', '\u240d');

/** Colours of the log that the names of VMs have. Not red: that is for what failed. */
const HUES = [4, 2, 5, 6, 3].map((n) => `var(--ansi-${n})`);

/**
 * The colours of VMs' names beside their lines: each name has one of its own wherever it stands, and another only where a
 * name before it has that and there are colours left.
 */
export function huesOf(vms: readonly string[]): Map<string, string> {
  const taken = new Map<string, string>();
  const used = new Set<string>();
  for (const vm of vms) {
    if (taken.has(vm)) continue;
    let sum = 0;
    for (const c of vm) sum = (sum * 31 + (c.codePointAt(0) ?? 0)) >>> 0;
    const own = HUES.map((_, i) => HUES[(sum + i) % HUES.length] ?? '');
    const hue = own.find((h) => !used.has(h)) ?? own[0] ?? '';
    used.add(hue);
    taken.set(vm, hue);
  }
  return taken;
}

/** A name in a part that may be cut and its end, which is always seen. */
export function nameParts(vm: string): { head: string; tail: string } {
  const letters = [...vm];
  return { head: letters.slice(0, -8).join(''), tail: letters.slice(-8).join('') };
}

/** The CSS of a style; '' for most text. Whatever colours a program asks for, the words stay readable in both themes. */
export function css(s: Style): string {
  if (s === plain) return '';
  let out = '';
  if (s.inverse && s.bg === null) out += ground(s.fg, true);
  else {
    const [fg, bg] = s.inverse ? [s.bg, s.fg] : [s.fg, s.bg];
    out += bg === null ? ink(fg) : ground(bg, false) + inkOn(fg, bg);
  }
  if (s.bold) out += 'font-weight:650;';
  if (s.dim) out += 'opacity:.72;';
  if (s.italic) out += 'font-style:italic;';
  if (s.underline || s.strike) out += `text-decoration:${[s.underline ? 'underline' : '', s.strike ? 'line-through' : ''].join(' ').trim()};`;
  return out;
}

/** Text on the log's own ground. A colour of the program's own is lightened or darkened until it can be read; see ansi.css. */
function ink(c: Colour | null): string {
  if (c === null) return '';
  if (typeof c === 'number') return `color:var(--ansi-${c});`;
  return `--rgb-l:${toward(c, 0)};--rgb-d:${toward(c, 255)};`;
}

/** A coloured ground: full where the text is the log's ground (inverse), else toned down so that text can stand on it. */
function ground(c: Colour | null, full: boolean): string {
  if (c === null) return 'color:var(--sunken);background:var(--text);';
  if (typeof c === 'string') return `background:${c};${full ? inkOn(null, c) : ''}`;
  return full ? `color:var(--sunken);background:var(--ansi-${c});` : `background:color-mix(in oklab,var(--ansi-${c}) 38%,var(--sunken));`;
}

function inkOn(fg: Colour | null, bg: Colour): string {
  if (typeof bg === 'string') return typeof fg === 'string' ? `color:${fg};` : `color:${luminance(channels(bg)) > 0.18 ? '#000' : '#fff'};`;
  if (fg === null) return 'color:var(--text);';
  return `color:color-mix(in oklab,${typeof fg === 'number' ? `var(--ansi-${fg})` : fg} 30%,var(--text));`;
}

const channels = (rgb: string): number[] => (rgb.match(/\d+/g) ?? []).map(Number);

/** Relative luminance as WCAG has it. */
function luminance(rgb: number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The colour moved toward black (0) or white (255) until its contrast with the log's light or dark ground is 4.5. */
function toward(colour: string, end: 0 | 255): string {
  const base = end === 0 ? 0.96 : 0.006;
  let rgb = channels(colour);
  for (let step = 0; step < 12; step++) {
    const l = luminance(rgb);
    if ((Math.max(l, base) + 0.05) / (Math.min(l, base) + 0.05) >= 4.5) break;
    rgb = rgb.map((v) => Math.round(v + (end - v) * 0.18));
  }
  return `rgb(${rgb.join(' ')})`;
}

let made = 0;

/**
 * The elements that draw lines, by the lines' rows. A line keeps its own, and those of lines that left the screen draw
 * others: making elements anew is most of what a page costs. With `fresh` they are made anew all the same: what somebody
 * selected or focused must not come to be part of another line.
 */
export function elementsOf(rows: readonly number[], before: ReadonlyMap<number, number>, fresh: boolean): Map<number, number> {
  const seen = new Set(rows);
  const free = fresh ? [] : [...before].filter(([row]) => !seen.has(row)).map(([, element]) => element);
  let next = 0;
  return new Map(rows.map((row) => [row, before.get(row) ?? free[next++] ?? ++made]));
}
