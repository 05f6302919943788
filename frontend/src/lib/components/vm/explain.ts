// What the page "Explain connection" shows, without its markup.
import type { CheckStep, ConnectionCheck, Explanation, Setting, StepKind } from '../../services/api/types';

/** One line of the table. Only the first of a keyword names it. */
export interface SettingRow { key: string; keyword: string; first: boolean; value: string; from: string; file: string; expanded: boolean; changed: boolean }

/** What was worked out here and has no place follows another setting, as UpdateHostKeys follows UserKnownHostsFile. */
function from(x: Explanation, s: Setting, v: Setting['values'][number]): string {
  if (v.file) return `${v.file}:${v.line}`;
  if (v.given) return 'set for this VM';
  if (!s.changed) return 'default';
  return x.source === 'own' ? 'follows another setting' : 'place not known';
}

/** The settings as lines; `filter` looks into keywords, values and places alike. */
export function rowsOf(x: Explanation, filter: string, defaults: boolean): SettingRow[] {
  const wanted = filter.trim().toLowerCase();
  const rows: SettingRow[] = [];
  for (const s of x.settings) {
    if (!s.changed && !defaults) continue;
    const values = s.values.map((v, i) => ({ key: `${s.keyword} ${i}`, keyword: s.keyword, first: i === 0, value: v.value, from: from(x, s, v), file: v.file, expanded: false, changed: s.changed }));
    const paths = s.expanded.map((value, i) => ({ key: `${s.keyword} = ${i}`, keyword: s.keyword, first: false, value, from: '', file: '', expanded: true, changed: s.changed }));
    const all = [...values, ...paths];
    if (!wanted || all.some((r) => `${r.keyword} ${r.value} ${r.from}`.toLowerCase().includes(wanted))) rows.push(...all);
  }
  return rows;
}

/** How many settings are defaults of ssh. */
export const defaultCount = (x: Explanation): number => x.settings.filter((s) => !s.changed).length;

/** The lines as text: keyword, value and place, with tabs between them. */
export const settingsText = (rows: SettingRow[]): string =>
  rows.map((r) => (r.expanded ? `\t-> ${r.value}` : `${r.keyword}\t${r.value}\t${r.from}`)).join('\n');

/** Who worked the settings out, and why it was them. */
export function answeredBy(x: Explanation): string {
  if (x.source === 'ssh -G') return `Answered by ssh -G, because of ${x.reason}.`;
  return x.reason ? `${x.reason.charAt(0).toUpperCase()}${x.reason.slice(1)}.` : 'Worked out here, as ssh -G would.';
}

export const stepNames: Record<StepKind, string> = {
  settings: 'ssh_config', lookup: 'Name look-up', tcp: 'TCP', proxy: 'ProxyCommand', forward: 'Forwarding', banner: 'Banner', host_key: 'Host key', login: 'Login', shell: 'Shell',
};

/** "0.4 ms", "12 ms", "1.5 s". */
export function took(micros: number): string {
  if (micros < 9950) return `${(micros / 1000).toFixed(1)} ms`;
  return micros < 999_500 ? `${Math.round(micros / 1000)} ms` : `${(micros / 1_000_000).toFixed(1)} s`;
}

/** The steps, gathered by the machine they are about, in order. */
export function byHost(steps: CheckStep[]): { host: string; steps: CheckStep[] }[] {
  const out: { host: string; steps: CheckStep[] }[] = [];
  for (const s of steps) {
    const last = out.at(-1);
    if (last && last.host === s.host) last.steps.push(s);
    else out.push({ host: s.host, steps: [s] });
  }
  return out;
}

/** A check as text for a report. */
export const checkText = (check: ConnectionCheck): string =>
  check.steps.map((s) => [
    s.host, stepNames[s.kind], s.state === 'not_reached' ? 'not reached' : s.state, s.state === 'not_reached' ? '' : took(s.micros),
    s.error ? `${s.error.code}: ${s.error.message}${s.error.details ? `\n\t${s.error.details}` : ''}` : s.text,
  ].join('\t').trimEnd()).join('\n');
