// Every key of the window, once: the dialog behind "?" shows this list, and what listens asks it.

export const mac = typeof navigator !== 'undefined' && navigator.platform.startsWith('Mac');

export interface Key {
  /** KeyboardEvent.key, in lower case if it is a letter; several do the same. */
  keys: string[];
  /** With Ctrl, on a Mac Cmd. */
  mod?: boolean;
  shift?: boolean;
  alt?: boolean;
  /** Works while the person types in a field too. */
  typing?: boolean;
  what: string;
  group: 'Anywhere' | 'Command line' | 'Lists' | 'History' | 'Log' | 'Search' | 'Comparison';
}

const list = {
  palette: { keys: ['k'], mod: true, typing: true, what: 'Search or run: VMs, commands, jobs, settings', group: 'Anywhere' },
  commandLine: { keys: ['l'], mod: true, typing: true, what: 'Go to the command line', group: 'Anywhere' },
  run: { keys: ['Enter'], mod: true, typing: true, what: 'Run, or save the form', group: 'Anywhere' },
  stop: { keys: ['.'], mod: true, typing: true, what: 'Stop the job on the screen', group: 'Anywhere' },
  history: { keys: ['h'], mod: true, typing: true, what: 'History', group: 'Anywhere' },
  searchLogs: { keys: ['f'], mod: true, shift: true, typing: true, what: 'Search every line ever', group: 'Anywhere' },
  settings: { keys: [','], mod: true, typing: true, what: 'Settings', group: 'Anywhere' },
  filter: { keys: ['/'], what: 'Filter the list: the VMs, or the history while it shows', group: 'Anywhere' },
  keys: { keys: ['?'], what: 'This list', group: 'Anywhere' },
  close: { keys: ['Escape'], typing: true, what: 'Close; empty a filter', group: 'Anywhere' },

  move: { keys: ['ArrowDown', 'ArrowUp', 'j', 'k'], what: 'Move', group: 'Lists' },
  moveOnly: { keys: ['ArrowDown', 'ArrowUp'], mod: true, what: 'Move without choosing (VMs)', group: 'Lists' },
  add: { keys: [' '], what: 'Add to the choice, or take away', group: 'Lists' },
  all: { keys: ['a'], mod: true, what: 'Choose all that is shown', group: 'Lists' },
  extend: { keys: ['ArrowDown', 'ArrowUp'], shift: true, what: 'Choose from the last one to here', group: 'Lists' },
  earlier: { keys: ['ArrowUp'], typing: true, what: 'Earlier commands, while the line is empty', group: 'Command line' },

  open: { keys: ['Enter'], what: 'Open the log', group: 'History' },
  again: { keys: ['r'], what: 'Run again', group: 'History' },
  edit: { keys: ['e'], what: 'Edit and run', group: 'History' },
  compare: { keys: ['d'], what: 'Compare with the run before', group: 'History' },
  star: { keys: ['s'], what: 'Star, or take the star away', group: 'History' },
  remove: { keys: ['Delete', 'Backspace'], what: 'Delete; Undo is offered', group: 'History' },

  find: { keys: ['f'], mod: true, typing: true, what: 'Find', group: 'Log' },
  findNext: { keys: ['F3'], typing: true, what: 'Next match; with Shift the one before', group: 'Log' },
  matchCase: { keys: ['c'], alt: true, typing: true, what: 'While finding: upper and lower case differ', group: 'Log' },
  expression: { keys: ['r'], alt: true, typing: true, what: 'While finding: a regular expression', group: 'Log' },
  onlyMatches: { keys: ['l'], alt: true, typing: true, what: 'While finding: only the lines that match', group: 'Log' },
  goToLine: { keys: ['g'], mod: true, typing: true, what: 'Go to a line', group: 'Log' },
  markLines: { keys: ['ArrowDown', 'ArrowUp'], shift: true, what: 'Mark lines', group: 'Log' },
  markAll: { keys: ['a'], mod: true, what: 'Mark all lines', group: 'Log' },
  copyLines: { keys: ['c'], mod: true, what: 'Copy the marked lines', group: 'Log' },
  wrap: { keys: ['z'], alt: true, typing: true, what: 'Wrap long lines, or not', group: 'Log' },
  exportLog: { keys: ['s'], mod: true, typing: true, what: 'Export the output to a file', group: 'Log' },
  newest: { keys: ['End'], what: 'Follow the newest line; ↑ or Page Up stays', group: 'Log' },

  nextHit: { keys: ['n'], what: 'Next line found', group: 'Search' },
  lastHit: { keys: ['p'], what: 'Previous line found', group: 'Search' },

  nextChange: { keys: ['n'], what: 'Next change', group: 'Comparison' },
  lastChange: { keys: ['p'], what: 'Previous change', group: 'Comparison' },
} satisfies Record<string, Key>;

export type KeyName = keyof typeof list;
export const KEYS: Record<KeyName, Key> = list;

/** Whether this is that key. One for a single letter isn't, while the person types. */
export function pressed(e: KeyboardEvent, name: KeyName): boolean {
  const key = KEYS[name];
  const mod = mac ? e.metaKey : e.ctrlKey;
  if (mod !== (key.mod ?? false) || e.altKey !== (key.alt ?? false) || (mac ? e.ctrlKey : e.metaKey)) return false;
  const named = e.key.length === 1 ? e.key.toLowerCase() : e.key;
  // "?" needs Shift on many keyboards; what is asked for is the sign.
  const sign = !key.mod && e.key.length === 1 && !/[a-z]/i.test(e.key);
  if (!sign && e.shiftKey !== (key.shift ?? false)) return false;
  if (!key.typing && typing(e.target)) return false;
  // With Alt, a Mac types another letter.
  return key.keys.includes(named) || (key.alt === true && key.keys.some((k) => e.code === `Key${k.toUpperCase()}`));
}

export const typing = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest('input:not([type=checkbox]):not([type=radio]), textarea, [contenteditable]') !== null;

const names: Record<string, string> = { ArrowDown: '↓', ArrowUp: '↑', Escape: 'Esc', ' ': 'Space' };

/** As it stands on the keyboard: "Ctrl Shift F", "↓ ↑ J K". */
export function label(name: KeyName): string {
  const key = KEYS[name];
  const main = key.keys.map((k) => names[k] ?? (k.length === 1 ? k.toUpperCase() : k)).join(' ');
  return [key.mod ? (mac ? '⌘' : 'Ctrl') : '', key.alt ? (mac ? '⌥' : 'Alt') : '', key.shift ? (mac ? '⇧' : 'Shift') : '', main].filter(Boolean).join(' ');
}
