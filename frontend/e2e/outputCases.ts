/** A kind of output that breaks viewers, told apart by number and name; docs/output.md lists them. */
export interface OutputCase {
  name: string;
  /** What runs on the VM. */
  script: string;
  /** What it writes, to the byte, built here by other means. */
  stdout: () => Buffer;
  stderr?: () => Buffer;
  /** What the viewer counts. */
  lines: string;
  /** What must be on the screen at the end. */
  shows: string | RegExp;
  /** The script ends by a signal. */
  killed?: boolean;
}

const text = (...lines: string[]) => Buffer.from(lines.map((l) => `${l}\n`).join(''));
const ESC = '\x1b';

/** Characters of two, three and four bytes, and how a shell writes them byte by byte. */
const wide = 'é€漢𝔸';
const bytewise = [...Buffer.from(wide)].map((b) => `\\${b.toString(8)}`).join(' ');

/** The cases of the design's "Output: bad input that must have a test", in its order. */
export const outputCases: OutputCase[] = [
  {
    name: '01-no-newline',
    script: String.raw`printf 'a line\nthe last one, which no newline ends'`,
    stdout: () => Buffer.from('a line\nthe last one, which no newline ends'),
    lines: '2 lines', shows: 'which no newline ends',
  },
  {
    name: '02-invalid-utf8',
    script: String.raw`printf 'not UTF-8: \377\376\nLatin-1: caf\351\ncut off: \342\202\na surrogate: \355\240\200\noverlong: \300\257\ngood again: \303\251 \342\202\254\n'`,
    stdout: () => Buffer.concat([
      Buffer.from('not UTF-8: '), Buffer.from([0xff, 0xfe]), Buffer.from('\nLatin-1: caf'), Buffer.from([0xe9]), Buffer.from('\ncut off: '), Buffer.from([0xe2, 0x82]),
      Buffer.from('\na surrogate: '), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('\noverlong: '), Buffer.from([0xc0, 0xaf]), Buffer.from('\ngood again: é €\n'),
    ]),
    lines: '6 lines', shows: 'good again: é €',
  },
  {
    // Each byte is sent alone; then lines of 400 kB, so that a chunk's edge (256 KiB) falls on each byte of a character.
    name: '03-split-characters',
    script: `for b in '${bytewise.replaceAll(' ', "' '")}'; do printf "$b"; sleep 0.05; done; echo; `
      + `p=; for i in 0 1 2 3; do printf "$p"; yes 𝔸 | tr -d '\\n' | head -c 400000; echo; p=\${p}x; done`,
    stdout: () => text(wide, ...['', 'x', 'xx', 'xxx'].map((p) => p + '𝔸'.repeat(100_000))),
    lines: '5 lines', shows: wide,
  },
  {
    name: '04-line-of-100-mb',
    script: 'echo before; head -c 100000000 /dev/zero | tr "\\0" x; echo; echo after',
    stdout: () => Buffer.concat([Buffer.from('before\n'), Buffer.alloc(100_000_000, 'x'), Buffer.from('\nafter\n')]),
    lines: '3 lines', shows: 'after',
  },
  {
    name: '05-million-lines',
    script: 'seq -f "%.0f GET /api/items 200 12 ms" 1 1000000',
    stdout: () => Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => `${i + 1} GET /api/items 200 12 ms\n`).join('')),
    lines: '1,000,000 lines', shows: '1000000 GET',
  },
  {
    name: '06-stderr-first',
    script: 'head -c 5000000 /dev/zero | tr "\\0" e | fold -w 100 >&2; sleep 1; echo "then stdout"',
    stdout: () => text('then stdout'),
    stderr: () => Buffer.from(Array.from({ length: 50_000 }, () => 'e'.repeat(100)).join('\n')),
    lines: '50,001 lines', shows: 'eeeeeeee', // the two streams come in any order
  },
  {
    name: '07-endless-returns',
    script: `echo 'downloading'; awk 'BEGIN { for (i = 1; i <= 400000; i++) printf "\\r%d of 400000 parts", i }'`,
    stdout: () => Buffer.from(`downloading\n${Array.from({ length: 400_000 }, (_, i) => `\r${i + 1} of 400000 parts`).join('')}`),
    lines: '2 lines', shows: '400000 of 400000 parts',
  },
  {
    name: '08-ansi',
    script: String.raw`printf '\033[31mred \033[1;32mbold green \033[0;7minverse\033[0m \033[38;5;208m256\033[0m \033[48;2;40;80;160mtrue colour\033[0m \033[3;4mitalic, underlined\033[0m \033[9mgone\033[0m\n\033[33ma colour that is not set back\ngoes on\033[0m, until it is\n'; sleep 0.2; printf '\033[31mE:\033[0m stderr has colours of its own\n' >&2`,
    stdout: () => text(`${ESC}[31mred ${ESC}[1;32mbold green ${ESC}[0;7minverse${ESC}[0m ${ESC}[38;5;208m256${ESC}[0m ${ESC}[48;2;40;80;160mtrue colour${ESC}[0m ${ESC}[3;4mitalic, underlined${ESC}[0m ${ESC}[9mgone${ESC}[0m`, `${ESC}[33ma colour that is not set back`, `goes on${ESC}[0m, until it is`),
    stderr: () => text(`${ESC}[31mE:${ESC}[0m stderr has colours of its own`),
    lines: '4 lines', shows: 'E: stderr has colours of its own',
  },
  {
    name: '09-hostile-escapes',
    script: String.raw`printf 'above\nclipboard: \033]52;c;ZXZpbA==\007nothing was put there\ntitle: \033]0;evil\007\033]2;evil\033\\the same as before\nlink: \033]8;;https://evil.example/x\033\\https://good.example\033]8;;\033\\\ncursor: \033[2J\033[1;1H\033[?1049hstays in its line\ndirection: invoice\342\200\256fdp.exe\nunfinished: \033]0;hides nothing\nbelow\n'`,
    stdout: () => text('above', `clipboard: ${ESC}]52;c;ZXZpbA==\x07nothing was put there`, `title: ${ESC}]0;evil\x07${ESC}]2;evil${ESC}\\the same as before`, `link: ${ESC}]8;;https://evil.example/x${ESC}\\https://good.example${ESC}]8;;${ESC}\\`,
      `cursor: ${ESC}[2J${ESC}[1;1H${ESC}[?1049hstays in its line`, 'direction: invoice\u202efdp.exe', `unfinished: ${ESC}]0;hides nothing`, 'below'),
    lines: '8 lines', shows: 'https://good.example (https://evil.example/x)',
  },
  {
    name: '10-nuls',
    script: String.raw`printf 'a NUL \000 in the middle\nbell \007, DEL \177, vertical tab \013\n'; head -c 1000000 /dev/zero; echo; echo after`,
    stdout: () => Buffer.concat([Buffer.from('a NUL \0 in the middle\nbell \x07, DEL \x7f, vertical tab \x0b\n'), Buffer.alloc(1_000_000), Buffer.from('\nafter\n')]),
    lines: '4 lines', shows: 'a NUL ␀ in the middle',
  },
  { name: '11-no-output', script: 'true', stdout: () => Buffer.alloc(0), lines: '0 lines', shows: /exit status 0/ },
  { name: '12-killed', script: `printf 'its last byte'; kill -9 $$`, stdout: () => Buffer.from('its last byte'), lines: '1 line', shows: 'its last byte', killed: true },
];
