// What a command prints, made harmless and given its colours. Output is foreign bytes: nothing in it may move the
// cursor, change the window, hide text or turn its reading direction. Only colour and style (SGR) and the target of a
// link (OSC 8) are understood, and a return to the first column, which spinners use as a carriage return; every other
// escape is taken away, and what is left unfinished is shown, not swallowed. Controls of eight bits (C1) are no escapes
// here: as bytes they are no UTF-8, and encoded terminals don't agree about them.

/** A colour: 0 to 15 is one of the theme's, else a CSS colour. */
export type Colour = number | string;

/** Colour and style as SGR sets them. Compared and kept by reference: never changed after it was made. */
export interface Style {
  readonly fg: Colour | null;
  readonly bg: Colour | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
  readonly inverse: boolean;
}

export interface Span { readonly text: string; readonly style: Style }

/** The style of a stream's first line. */
export const plain: Style = Object.freeze({ fg: null, bg: null, bold: false, dim: false, italic: false, underline: false, strike: false, inverse: false });

/** Reads one line that begins in a style; `out` is the style that the next line of the stream begins in. */
export function parseAnsi(text: string, from: Style = plain): { spans: Span[]; out: Style } {
  if (from === plain && !special.test(text)) return { spans: text ? [{ text, style: plain }] : [], out: plain };
  return new Reader(text, from).read();
}

/** The style that the parameters of one SGR sequence bring about. */
export const styleOf = (params = ''): Style => (params ? parseAnsi(`\x1b[${params}m`).out : plain);

/** The text alone, as it is copied. */
export const stripAnsi = (text: string): string => (special.test(text) ? parseAnsi(text).spans.map((s) => s.text).join('') : text);

// C0 but tab, DEL, C1, and what turns the reading direction or breaks lines.
const special = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const csi = /\x1b\[([\x30-\x3f]*)([\x20-\x2f]*)([\x40-\x7e])/y;
// OSC, DCS, SOS, PM, APC up to BEL or ST. One never holds the beginning of another, or many unfinished ones would each be
// read to the end of the line.
const string = /\x1b([\]PX^_])([^\x07\x1b]*)(?:\x07|\x1b\\)/y;
const short = /\x1b(?:[\x20-\x2f]+[\x30-\x7e]|[\x30-\x5a\x5c\x60-\x7e])/y;
const plainRun = /[^\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/y;

class Reader {
  private at = 0;
  private style: Style;
  private readonly spans: Span[] = [];
  private held = '';
  private link = '';
  private linkText = '';
  /** The cursor is in the first column: what comes next stands in the place of what was there. */
  private returned = false;

  constructor(private readonly text: string, from: Style) {
    this.style = from;
  }

  read(): { spans: Span[]; out: Style } {
    while (this.at < this.text.length) {
      const run = this.match(plainRun);
      if (run) this.show(run[0]);
      else if (!this.escape()) this.control();
    }
    this.endLink();
    this.flush();
    return { spans: this.spans, out: this.style };
  }

  private match(rule: RegExp): RegExpExecArray | null {
    rule.lastIndex = this.at;
    const found = rule.exec(this.text);
    if (found) this.at = rule.lastIndex;
    return found;
  }

  /** Takes one whole escape sequence, if there is one here. */
  private escape(): boolean {
    const seq = this.match(csi);
    if (seq) {
      const params = seq[1] ?? '';
      if (seq[2]) return true;
      if (seq[3] === 'm' && !/[<-?]/.test(params)) this.sgr(params);
      else if (seq[3] === 'G' && /^[01]?$/.test(params)) this.returned = true;
      else if (seq[3] === 'K' && /^[02]?$/.test(params)) this.over();
      return true;
    }
    const long = this.match(string);
    if (long) {
      if (long[1] === ']') this.osc(long[2] ?? '');
      return true;
    }
    return this.match(short) !== null;
  }

  /** One character that no text may contain: shown by a sign of its own. */
  private control(): void {
    const code = this.text.charCodeAt(this.at++);
    if (code === 0x0d || code === 0x07 || code === 0x0e || code === 0x0f) return; // return, bell, shifts: nothing to see
    if (code === 0x08) this.back();
    else if (code < 0x20) this.show(String.fromCharCode(0x2400 + code));
    else if (code === 0x7f) this.show('\u2421');
    else if (code < 0xa0) this.show('\ufffd');
    else this.show(`\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`);
  }

  /** A backspace overstrikes: programs of old print a letter twice for bold. */
  private back(): void {
    const last = this.held.codePointAt(this.held.length - 2) ?? 0;
    this.held = this.held.slice(0, last > 0xffff ? -2 : -1);
  }

  /** After a return to the first column, what stood there goes when something is written or the line erased. */
  private over(): void {
    if (!this.returned) return;
    this.returned = false;
    this.spans.length = 0;
    this.held = this.linkText = '';
  }

  private show(text: string): void {
    this.over();
    this.held += text;
    if (this.link) this.linkText += text;
  }

  private flush(): void {
    if (this.held) this.spans.push({ text: this.held, style: this.style });
    this.held = '';
  }

  private set(next: Style): void {
    if (same(next, this.style)) return;
    this.flush();
    this.style = same(next, plain) ? plain : next;
  }

  private osc(body: string): void {
    const at = body.indexOf(';', 2);
    if (!body.startsWith('8;') || at < 0) return;
    this.endLink();
    this.link = stripControls(body.slice(at + 1));
    this.linkText = '';
  }

  /** A link is text: where it leads stands behind it, so that it can't say one thing and be another. */
  private endLink(): void {
    const target = this.link;
    this.link = '';
    if (target && this.linkText.trim() !== target) this.show(` (${target})`);
  }

  private sgr(params: string): void {
    const list = params === '' ? ['0'] : params.split(';');
    let s = this.style;
    for (let i = 0; i < list.length; i++) {
      const sub = (list[i] ?? '').split(':');
      const n = sub[0] === '' ? 0 : Number(sub[0]);
      if (n === 38 || n === 48 || n === 58) {
        const parts = sub.length > 1 ? sub.slice(1) : list.slice(i + 1, i + 5);
        const { colour, used } = extended(parts, sub.length > 1);
        if (sub.length === 1) i += used;
        if (n !== 58 && colour !== null) s = n === 38 ? { ...s, fg: colour } : { ...s, bg: colour };
      } else if (n === 4 && sub.length > 1) s = { ...s, underline: sub[1] !== '0' };
      else s = apply(s, n);
    }
    this.set(s);
  }
}

function apply(s: Style, n: number): Style {
  switch (n) {
    case 0: return plain;
    case 1: return { ...s, bold: true };
    case 2: case 8: return { ...s, dim: true }; // concealed text is dimmed: nothing is hidden here
    case 3: return { ...s, italic: true };
    case 4: case 21: return { ...s, underline: true };
    case 7: return { ...s, inverse: true };
    case 9: return { ...s, strike: true };
    case 22: return { ...s, bold: false, dim: false };
    case 23: return { ...s, italic: false };
    case 24: return { ...s, underline: false };
    case 27: return { ...s, inverse: false };
    case 28: return { ...s, dim: false };
    case 29: return { ...s, strike: false };
    case 39: return { ...s, fg: null };
    case 49: return { ...s, bg: null };
  }
  if (n >= 30 && n <= 37) return { ...s, fg: n - 30 };
  if (n >= 40 && n <= 47) return { ...s, bg: n - 40 };
  if (n >= 90 && n <= 97) return { ...s, fg: n - 82 };
  if (n >= 100 && n <= 107) return { ...s, bg: n - 92 };
  return s;
}

/** Reads `5;N` or `2;R;G;B` (with colons a colour space may stand before R). */
function extended(parts: string[], colons: boolean): { colour: Colour | null; used: number } {
  const byte = (text: string | undefined): number | null => {
    const n = Number(text === '' ? 0 : text);
    return text !== undefined && Number.isInteger(n) && n >= 0 && n <= 255 ? n : null;
  };
  if (parts[0] === '5') {
    const n = byte(parts[1]);
    return { colour: n === null ? null : indexed(n), used: 2 };
  }
  if (parts[0] === '2') {
    const [r, g, b] = (colons && parts.length > 4 ? parts.slice(2, 5) : parts.slice(1, 4)).map(byte);
    return { colour: r == null || g == null || b == null ? null : `rgb(${r} ${g} ${b})`, used: 4 };
  }
  return { colour: null, used: 1 };
}

/** xterm's 256 colours: 16 of the theme, a cube of 6x6x6, 24 greys. */
function indexed(n: number): Colour {
  if (n < 16) return n;
  if (n > 231) {
    const grey = (n - 232) * 10 + 8;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const step = (k: number) => (k === 0 ? 0 : 55 + k * 40);
  const cube = n - 16;
  return `rgb(${step(Math.floor(cube / 36))} ${step(Math.floor(cube / 6) % 6)} ${step(cube % 6)})`;
}

const same = (a: Style, b: Style): boolean =>
  a === b || (a.fg === b.fg && a.bg === b.bg && a.bold === b.bold && a.dim === b.dim && a.italic === b.italic
    && a.underline === b.underline && a.strike === b.strike && a.inverse === b.inverse);

const stripControls = (text: string): string => [...text].filter((c) => !special.test(c) && c !== '\t').join('');
