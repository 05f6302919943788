import { describe, expect, it } from 'vitest';
import sgr from '../../../../backend/output/testdata/sgr.json';
import { parseAnsi, plain, stripAnsi, styleOf } from './ansi';

const ESC = '\x1b';
const texts = (s: string) => parseAnsi(s).spans.map((span) => span.text);

describe('colour and style', () => {
  it('leaves plain text in one piece', () => {
    expect(parseAnsi('a\tb ü 漢 🙂')).toEqual({ spans: [{ text: 'a\tb ü 漢 🙂', style: plain }], out: plain });
    expect(parseAnsi('')).toEqual({ spans: [], out: plain });
  });

  it.each([
    ['31', { fg: 1 }], ['97', { fg: 15 }], ['44', { bg: 4 }], ['101', { bg: 9 }],
    ['1;4;33', { bold: true, underline: true, fg: 3 }], ['2', { dim: true }], ['3', { italic: true }], ['7', { inverse: true }], ['9', { strike: true }],
    ['38;5;9', { fg: 9 }], ['38;5;196', { fg: 'rgb(255 0 0)' }], ['48;5;244', { bg: 'rgb(128 128 128)' }],
    ['38;2;1;2;3', { fg: 'rgb(1 2 3)' }], ['38:2::1:2:3', { fg: 'rgb(1 2 3)' }], ['38:2:1:2:3', { fg: 'rgb(1 2 3)' }], ['38:5:12', { fg: 12 }],
    ['38;2;1;2;3;1', { fg: 'rgb(1 2 3)', bold: true }], ['58;5;3;1', { bold: true }], ['4:3', { underline: true }], ['4:0', {}],
    ['1;22', {}], ['31;39', {}], ['', {}], ['8', { dim: true }], ['38;5;999', {}], ['38;2;1;2', {}], ['777', {}],
  ])('understands %s', (params, want) => {
    const { spans, out } = parseAnsi(`${ESC}[${params}mx`);
    expect(spans).toEqual([{ text: 'x', style: { ...plain, ...want } }]);
    expect(out).toEqual({ ...plain, ...want });
  });

  it('carries the style over lines until it is reset', () => {
    const first = parseAnsi(`${ESC}[1;31mred`);
    const second = parseAnsi('still', first.out);
    expect(second.spans[0]?.style).toMatchObject({ bold: true, fg: 1 });
    const third = parseAnsi(`more${ESC}[0m, plain`, second.out);
    expect(third.spans.map((s) => [s.text, s.style.fg])).toEqual([['more', 1], [', plain', null]]);
    expect(third.out).toBe(plain);
  });
});

describe('the same rules as Go, which says in what style a line begins', () => {
  it.each(sgr)('$what', ({ bytes, style }) => {
    const lines = bytes.split('\n');
    expect(lines.reduce((from, text) => parseAnsi(text, from).out, plain)).toEqual(styleOf(style));
  });
});

describe('everything else is made harmless', () => {
  it.each([
    ['moves the cursor', `a${ESC}[2J${ESC}[1;1Hb`, 'ab'],
    ['asks the terminal', `a${ESC}[6n${ESC}[>0cb`, 'ab'],
    ['is no SGR though it ends in m', `a${ESC}[?25mb${ESC}[>4;2mc`, 'abc'],
    ['sets the title', `a${ESC}]0;evil\x07b${ESC}]2;evil${ESC}\\c`, 'abc'],
    ['sets the clipboard', `a${ESC}]52;c;ZXZpbA==\x07b`, 'ab'],
    ['device control', `a${ESC}P1$qm${ESC}\\b${ESC}_x${ESC}\\c`, 'abc'],
    ['controls of eight bits are signs', 'a\x9b31mb\x9d0;t\x9cc\x85d', 'a\ufffd31mb\ufffd0;t\ufffdc\ufffdd'],
    ['a spinner', `⠙${ESC}[1G${ESC}[0K⠹${ESC}[1G${ESC}[0Kdone`, 'done'],
    ['a spinner that is erased', `⠙${ESC}[1G${ESC}[0K`, ''],
    ['erased, then back to the first column', `10%${ESC}[2K${ESC}[G20%`, '20%'],
    ['back to the first column, and nothing after it', `stays${ESC}[1G`, 'stays'],
    ['another column', `column ${ESC}[12Gtwelve`, 'column twelve'],
    ['a link that is written over', `${ESC}]8;;http://x\x07here${ESC}[Gover`, 'over (http://x)'],
    ['character sets and keypad', `a${ESC}(0b${ESC}=c${ESC}7d${ESC}cE`, 'abcdE'],
    ['an unfinished escape hides nothing', `a${ESC}[31`, 'a\u241b[31'],
    ['an unfinished string hides nothing', `a${ESC}]0;the rest`, 'a\u241b]0;the rest'],
    ['bell and return', 'a\x07b\rc', 'abc'],
    ['other controls have signs', 'a\x00b\x7fc', 'a\u2400b\u2421c'],
    ['overstrike', 'N\x08NA\x08A', 'NA'],
    ['overstrike of what takes two places', '\x08a🙂\x08\x08🙂\x08b', 'b'],
    ['text direction', 'a\u202eb\u2066c\u200fd', 'a⟨U+202E⟩b⟨U+2066⟩c⟨U+200F⟩d'],
    ['line separators', 'a\u2028b', 'a⟨U+2028⟩b'],
  ])('%s', (_, text, want) => {
    expect(texts(text).join('')).toBe(want);
    expect(stripAnsi(text)).toBe(want);
  });

  it('shows where a link leads', () => {
    expect(texts(`see ${ESC}]8;;https://evil.example/x${ESC}\\https://good.example${ESC}]8;;${ESC}\\ now`).join('')).toBe('see https://good.example (https://evil.example/x) now');
    expect(texts(`${ESC}]8;id=1;https://a.example\x07https://a.example${ESC}]8;;\x07!`).join('')).toBe('https://a.example!');
    expect(texts(`${ESC}]8;;https://a.example\x07open to the end`).join('')).toBe('open to the end (https://a.example)');
  });
});

describe('foreign bytes', () => {
  // A small generator with a fixed seed: the same inputs on every run.
  function* random(seed: number) {
    for (let x = seed; ; ) {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
      yield x;
    }
  }
  const pieces = [ESC, '[', ']', 'm', ';', ':', '38', '48', '5', '2', '8', '255', '0', '\x9b', '\x9d', '\x07', '\\', 'P', '\x08', '\r', '\t', 'a', 'ü', '🙂', '\u202e', '\ud800', '(', '?', ' '];

  it('never throws, never lets a control through, and reads the same in one piece as it is shown', () => {
    const next = random(7);
    // More rounds for a night: VMO_FUZZ_ROUNDS.
    for (let round = 0; round < Number(process.env.VMO_FUZZ_ROUNDS ?? 4000); round++) {
      let text = '';
      for (let n = next.next().value! % 30; n > 0; n--) text += pieces[next.next().value! % pieces.length];
      const { spans, out } = parseAnsi(text);
      const shown = spans.map((s) => s.text).join('');
      expect(shown).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
      expect(parseAnsi(shown).spans.map((s) => s.text).join('')).toBe(shown);
      for (const s of [...spans.map((x) => x.style), out]) {
        for (const c of [s.fg, s.bg]) expect(c === null || (typeof c === 'number' ? c >= 0 && c < 16 : /^rgb\(\d+ \d+ \d+\)$/.test(c))).toBe(true);
      }
    }
  });

  // What takes time by the square goes on until the test's time is over.
  it('takes time in proportion to the text', { timeout: 60_000 }, () => {
    const n = 400_000;
    for (const hostile of [`${ESC}]`.repeat(n), `${ESC}[`.repeat(n), '1;'.repeat(n) + 'm', `${ESC}[${'1;'.repeat(n)}m`, `a\x08`.repeat(n), '\x9d'.repeat(n), '\x90'.repeat(n), 'a'.repeat(n) + '\x08'.repeat(n)]) {
      expect(parseAnsi(hostile).spans.length).toBeLessThanOrEqual(1);
    }
  });
});
