import type { LogTime } from '../../services/api/types';
import { clockMillis } from '../../utils/format';

/** "0.208", "12.040", "1:02.500", "2:01:02.500" since the start. */
export function since(at: string, start: string | null | undefined): string {
  const ms = Math.max(0, Date.parse(at) - Date.parse(start ?? at));
  const pad = (n: number, width = 2) => String(n).padStart(width, '0');
  const s = Math.floor(ms / 1000);
  const rest = `${s >= 60 ? pad(s % 60) : s}.${pad(ms % 1000, 3)}`;
  if (s < 60) return `+${rest}`;
  if (s < 3600) return `+${Math.floor(s / 60)}:${rest}`;
  return `+${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${rest}`;
}

/** A line's time stamp in the form that is chosen. */
export function stamp(at: string, mode: LogTime, start: string | null | undefined): string {
  return mode === 'off' ? '' : mode === 'clock' ? clockMillis(at) : since(at, start);
}
