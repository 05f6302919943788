import type { Command } from '../../services/api/types';

export interface DiffLine { sign: ' ' | '+' | '-'; text: string }

/** Lines past which no longest common part is looked for: it takes their product. */
const MAX_LINES = 1500;

/** Two texts line by line: what stayed, came and went. */
export function diffLines(old: string, next: string): DiffLine[] {
  const a = old.split('\n'), b = next.split('\n');
  let start = 0, end = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const x = a.slice(start, a.length - end), y = b.slice(start, b.length - end);
  const out: DiffLine[] = a.slice(0, start).map((text) => ({ sign: ' ', text }));
  if (x.length > MAX_LINES || y.length > MAX_LINES) {
    out.push(...x.map((text): DiffLine => ({ sign: '-', text })), ...y.map((text): DiffLine => ({ sign: '+', text })));
  } else {
    const width = y.length + 1;
    const best = new Uint16Array((x.length + 1) * width);
    const at = (i: number, j: number) => best[i * width + j] ?? 0;
    for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) best[i * width + j] = x[i] === y[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    let i = 0, j = 0;
    while (i < x.length || j < y.length) {
      if (i < x.length && j < y.length && x[i] === y[j]) { out.push({ sign: ' ', text: x[i] ?? '' }); i++; j++; }
      else if (i < x.length && (j >= y.length || at(i + 1, j) >= at(i, j + 1))) out.push({ sign: '-', text: x[i++] ?? '' });
      else out.push({ sign: '+', text: y[j++] ?? '' });
    }
  }
  out.push(...a.slice(a.length - end).map((text): DiffLine => ({ sign: ' ', text })));
  return out;
}

/** What of a command beside its script is said to have changed, in words. */
export function changedFields(old: Command, next: Command): { label: string; old: string; next: string }[] {
  const words: [string, (c: Command) => string][] = [
    ['Name', (c) => c.name], ['Group', (c) => c.group], ['Description', (c) => c.description], ['Runs', (c) => c.kind],
    ['Offered on', (c) => (c.scope.kind === 'tags' ? c.scope.tags.join(', ') : c.scope.kind === 'vms' ? `${c.scope.vmIds.length} VMs` : 'every VM')],
    ['Parameters', (c) => c.params.map((p) => [p.name, p.type, p.default && `= ${p.default}`, p.choices.length > 0 && `(${p.choices.join(', ')})`, p.required && 'required', p.pattern].filter(Boolean).join(' ')).join('; ')],
    ['Folder', (c) => c.workDir], ['Environment', (c) => Object.entries(c.env).map(([k, v]) => `${k}=${v}`).join(' ')],
    ['Time-out', (c) => (c.timeoutSeconds ? `${c.timeoutSeconds} s` : 'none')], ['Asks first', (c) => (c.confirm ? 'yes' : 'no')],
    ['Options', (c) => [c.options.terminal && 'terminal', c.options.merge && 'one output', c.options.expectsDisconnect && 'expects a disconnect', c.options.onLost === 'go_on' && 'goes on'].filter(Boolean).join(', ')],
  ];
  return words.map(([label, of]) => ({ label, old: of(old), next: of(next) })).filter((w) => w.old !== w.next);
}
