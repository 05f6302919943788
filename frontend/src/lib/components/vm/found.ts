import type { FoundHost } from '../../services/api/types';

/** The address of a machine that a source offers, with the way there. */
export function foundAddress(h: FoundHost): string {
  const port = h.port && h.port !== 22 ? `:${h.port}` : '';
  const host = port && h.host.includes(':') ? `[${h.host}]` : h.host;
  return `${h.user ? `${h.user}@` : ''}${host}${port}${h.jump ? ` via ${h.jump}` : ''}`;
}
