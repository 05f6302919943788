// @vitest-environment node
// What real programs print, read by us and by a terminal emulator. testdata/programs/README.md says how each was recorded.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Terminal } from '@xterm/headless';
import { describe, expect, it, vi } from 'vitest';
import { parseAnsi, plain, stripAnsi, styleOf, type Colour, type Span, type Style } from './ansi';

// Ends a test that hangs, also on a machine much slower than ours: the emulator takes its time.
vi.setConfig({ testTimeout: 60_000 });

const COLS = 600;
const bytes = (name: string) => readFileSync(join(import.meta.dirname, 'testdata/programs', `${name}.bin`));

/**
 * The lines as Go gives them (backend/output/text.go): cut at newlines, and of each what stands after the last carriage
 * return that something visible follows. `over` comes before it, `end` behind it.
 */
const quiet = /^(\x1b(\[[ -?]*[ABCDEFGHf`adehlmnqrsu]|[78]))*$/;
const parts = (raw: Buffer) => raw.toString('utf8').split('\n').map((line) => {
  const states = line.split('\r');
  let last = states.length - 1;
  while (last > 0 && quiet.test(states[last] ?? '')) last--;
  const over = states.slice(0, last).map((s) => `${s}\r`).join('');
  return { over, text: states[last] ?? '', end: states.slice(last + 1).join('\r') };
});
const lines = (raw: Buffer) => parts(raw).map((p) => p.text);

async function terminal(data: Buffer | string, cols = COLS, rows = 30): Promise<Terminal> {
  const t = new Terminal({ cols, rows, scrollback: 20_000, allowProposedApi: true });
  await new Promise<void>((done) => t.write(data, done));
  return t;
}

interface Cell { text: string; style: Omit<Style, 'dim'> }
const rgb = (n: number) => `rgb(${n >> 16} ${(n >> 8) & 255} ${n & 255})`;

/** A row of the terminal, cell by cell, to its last character. */
function cells(t: Terminal, y: number): Cell[] {
  const line = t.buffer.active.getLine(y);
  const out: Cell[] = [];
  const length = line?.translateToString(true).length ?? 0;
  for (let x = 0, used = 0; line && x < t.cols && used < length; x++) {
    const c = line.getCell(x);
    if (!c || c.getWidth() === 0) continue;
    const text = c.getChars() || ' ';
    used += text.length;
    const colour = (n: number, palette: boolean, true24: boolean): Colour | null => (true24 ? rgb(n) : palette ? styleOf(`38;5;${n}`).fg : null);
    out.push({
      text,
      style: {
        fg: colour(c.getFgColor(), c.isFgPalette(), c.isFgRGB()), bg: colour(c.getBgColor(), c.isBgPalette(), c.isBgRGB()),
        bold: c.isBold() !== 0, italic: c.isItalic() !== 0, underline: c.isUnderline() !== 0, strike: c.isStrikethrough() !== 0, inverse: c.isInverse() !== 0,
      },
    });
  }
  return out;
}

function ourCells(spans: Span[]): Cell[] {
  const out: Cell[] = [];
  for (const s of spans) {
    const { fg, bg, bold, italic, underline, strike, inverse } = s.style;
    for (const text of s.text) for (let n = text === '\t' ? 8 - (out.length % 8) : 1; n > 0; n--) out.push({ text: text === '\t' ? ' ' : text, style: { fg, bg, bold, italic, underline, strike, inverse } });
  }
  return out;
}

/** The text of all rows, with no blanks at their ends and no empty ones at the end of all. */
function screen(t: Terminal): string[] {
  const out: string[] = [];
  for (let y = 0; y < t.buffer.active.length; y++) out.push(t.buffer.active.getLine(y)?.translateToString(true).trimEnd() ?? '');
  while (out.at(-1) === '') out.pop();
  return out;
}

/** Tabs as a terminal has them. */
function untab(text: string): string {
  let out = '';
  for (const c of text) out += c === '\t' ? ' '.repeat(8 - (out.length % 8)) : c;
  return out;
}

describe('line by line, text and colours are those of the terminal', () => {
  it.each(['ls', 'git-diff', 'grep', 'apt-list', 'apt-simulate', 'systemctl', 'systemctl-refused', 'journalctl', 'docker', 'docker-build', 'podman-build'])('%s', async (name) => {
    const raw = bytes(name);
    const t = await terminal(raw);
    let style = plain, y = 0, coloured = 0;
    for (const { over, text: line, end } of parts(raw)) {
      const { spans, out } = parseAnsi(line, parseAnsi(over, style).out);
      style = parseAnsi(end, out).out;
      const ours = ourCells(spans);
      coloured += spans.filter((s) => s.style !== plain).length;
      const theirs = cells(t, y++);
      // Blanks at the end are nothing to see, unless they have a ground.
      while (ours.length > theirs.length && ours.at(-1)?.text === ' ') ours.pop();
      expect(ours.map((c) => c.text).join('')).toBe(theirs.map((c) => c.text).join(''));
      if (!line.includes('\t')) ours.forEach((c, i) => { if (c.text !== ' ') expect(c.style, `${name}, line ${y}, column ${i + 1}: ${line}`).toEqual(theirs[i]?.style); });
    }
    if (['ls', 'git-diff', 'grep', 'systemctl', 'journalctl'].includes(name)) expect(coloured).toBeGreaterThan(10);
    expect(y).toBeGreaterThan(2);
  });
});

it('links: the text is the terminal\'s, and where each leads stands behind it', async () => {
  const raw = bytes('systemd-analyze');
  const theirs = screen(await terminal(raw));
  let links = 0;
  lines(raw).forEach((line, y) => {
    const ours = stripAnsi(line).replace(/ \(https:\S+?\)(?= |$)/g, () => { links++; return ''; });
    expect(ours.trimEnd()).toBe(theirs[y] ?? '');
  });
  expect(links).toBeGreaterThan(10);
});

describe('progress bars end as the terminal ends them', () => {
  // A terminal leaves the end of a longer state that a shorter one was written over; we show the last state alone. So
  // ours is compared with the beginning of the terminal's row, and what the terminal has behind it must be left over from
  // an earlier state of that line.
  it.each(['dd', 'wget', 'curl', 'curl-meter', 'apt-update', 'top-batch', 'git-clone', 'rsync', 'rsync-total', 'pv', 'ffmpeg', 'npm', 'npm-error', 'npm-install'])('%s', async (name) => {
    const raw = bytes(name);
    const t = await terminal(raw);
    const theirs = screen(t);
    const all = raw.toString('utf8').split('\n');
    lines(raw).forEach((line, y) => {
      const ours = untab(stripAnsi(line)).trimEnd();
      const row = theirs[y] ?? '';
      expect(row.startsWith(ours), `${name}, line ${y + 1}: ours ${JSON.stringify(ours)}, the terminal's ${JSON.stringify(row)}`).toBe(true);
      const rest = row.slice(ours.length);
      if (rest) expect(all[y]?.split('\r').some((state) => untab(stripAnsi(state)).slice(ours.length).trimEnd() === rest)).toBe(true);
    });
  });
});

describe('programs that move the cursor become text', () => {
  // A log is no screen, so there is no picture to compare. What is compared: a terminal that is shown our text shows
  // exactly that text (nothing in it is obeyed, also not the other screen of editors and pagers), and each word that
  // stands on the program's last screen is in our text.
  //
  // Beside the name are the words that are not. Who draws several rows over and over (docker pull, dialogs) goes between
  // them by the cursor and begins each with a carriage return: for a line that is all one progress bar, whose last visible
  // state is shown. The exact bytes have everything.
  it.each<[string, (string | RegExp)[]?]>([
    ['top'], ['pip'], ['apt-fancy'], ['skopeo'], ['less'], ['vim'], ['nano'], ['htop'], ['whiptail'],
    ['docker-pull', ['complete', '4f4fb700ef54:']],
    ['dialog', [/Upgrade/, 'Restart', 'services', 'during', 'package', 'upgrades?', /├─*┤/, 'Yes', /└─*┘/]],
    ['dialog-gauge', [/Copying/, 'Please', 'wait', /┌─*┐/, '100%', /└─*┘/, /└─*┘/]],
  ])('%s', async (name, lost = []) => {
    const raw = bytes(name);
    const ours = lines(raw).map(stripAnsi);
    const again = screen(await terminal(ours.join('\r\n'), 6000));
    ours.forEach((line, y) => expect(again[y] ?? '').toBe(untab(line).trimEnd()));
    const last = screen(await terminal(raw, 100));
    const text = ours.join('\n');
    const words = last.join(' ').split(/\s+/).filter((w) => w.length > 2);
    expect([...new Set(words.filter((w) => !text.includes(w)))]).toEqual(lost.map((w) => (typeof w === 'string' ? w : expect.stringMatching(w))));
  });
});

it('a control of eight bits is obeyed by neither', async () => {
  // As a byte it is no UTF-8: the terminal drops it, we show a sign for it, and what follows is text for both.
  const raw = Buffer.from([...Buffer.from('a'), 0x9b, ...Buffer.from('31mb')]);
  expect(cells(await terminal(raw), 0).map((c) => c.text + (c.style.fg ?? '')).join('')).toBe('a31mb');
  expect(parseAnsi(raw.toString('utf8'))).toEqual({ spans: [{ text: 'a\ufffd31mb', style: plain }], out: plain });
});

it('any mixture of colours and styles looks as in the terminal', async () => {
  let x = 11;
  const random = (n: number) => (x = (Math.imul(x, 1664525) + 1013904223) >>> 0) % n;
  const params = ['', '0', '1', '3', '4', '7', '9', '22', '23', '24', '27', '29', '31', '39', '42', '49', '93', '105', '38;5;3', '38;5;200', '48;5;244', '38;2;1;2;3', '48;2;250;3;99', '38:2::7:8:9', '4:3', '4:0', '1;31;44', '777'];
  const written = Array.from({ length: 400 }, () => Array.from({ length: 1 + random(8) }, () => `\x1b[${Array.from({ length: 1 + random(3) }, () => params[random(params.length)]).join(';')}mab`).join(''));
  const t = await terminal(written.join('\r\n'));
  let style = plain;
  written.forEach((line, y) => {
    const { spans, out } = parseAnsi(line, style);
    style = out;
    expect(ourCells(spans), JSON.stringify(line)).toEqual(cells(t, y));
  });
});
