/** A stretch of days as a person chooses it; `range` is from one day to another, both in it. */
export type When = '' | 'today' | 'yesterday' | '7' | '30' | 'range';

const dayStart = (d: Date, back = 0): Date => new Date(d.getFullYear(), d.getMonth(), d.getDate() - back);

/** The same day of a date field ("2026-11-24"), at its local midnight; undefined for no date. */
function midnight(text: string, later = 0): Date | undefined {
  const [y, m, d] = text.split('-').map(Number);
  return y && m && d ? new Date(y, m - 1, d + later) : undefined;
}

/** From when and before when, as Go takes it. Days are the person's own, from midnight to midnight. */
export function span(when: When, from = '', to = '', now = new Date()): { since?: string; before?: string } {
  const out = (since?: Date, before?: Date) => ({ ...(since ? { since: since.toISOString() } : {}), ...(before ? { before: before.toISOString() } : {}) });
  switch (when) {
    case '': return {};
    case 'today': return out(dayStart(now));
    case 'yesterday': return out(dayStart(now, 1), dayStart(now));
    case 'range': return out(midnight(from), midnight(to, 1));
    default: return out(dayStart(now, Number(when) - 1));
  }
}
