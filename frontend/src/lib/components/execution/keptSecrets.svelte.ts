import { toast } from 'svelte-sonner';
import { ApiError } from '../../services/api/ApiError';
import type { KeptSecrets } from '../../services/api/types';
import type { CommandStore } from '../../stores/commandStore.svelte';

const nothing: KeptSecrets = { canKeep: false, names: [], changed: [] };

/**
 * What the keychain has of one command's secret parameters, and which of the typed ones it shall have. The values stay
 * where they are: a job is started with the names of those that are kept.
 */
export function createKeptSecrets(store: Pick<CommandStore, 'keptSecrets' | 'keepSecret' | 'forgetSecret'>) {
  let command = '';
  let known = $state.raw<KeptSecrets>(nothing);
  let wanted = $state.raw<ReadonlySet<string>>(new Set());

  async function load(id: string, any: boolean): Promise<void> {
    command = id;
    known = nothing;
    wanted = new Set();
    if (!id || !any) return;
    // Without an answer everything is asked for, as where there is no keychain.
    const answer = await store.keptSecrets(id).catch(() => null);
    if (answer && command === id) known = answer;
  }

  return {
    load,
    get canKeep() { return known.canKeep; },
    has: (name: string): boolean => known.names.includes(name),
    /** Kept for what the command did before it was changed: it is asked for again. */
    changed: (name: string): boolean => known.changed.includes(name),
    wants: (name: string): boolean => wanted.has(name),
    want(name: string, on: boolean) { const next = new Set(wanted); if (on) next.add(name); else next.delete(name); wanted = next; },
    /** The kept ones that are used: those for which nothing else was typed. */
    used: (values: Record<string, string>): string[] => known.names.filter((name) => !values[name]),
    /** Keeps what was ticked, once the job has begun with it: a tick beside a value that is refused keeps nothing. */
    async keep(values: Record<string, string>): Promise<void> {
      const id = command;
      try {
        for (const name of wanted) if (values[name]) await store.keepSecret(id, name, values[name]);
      } catch (reason) {
        const e = ApiError.from(reason);
        toast.error(e.message, { description: e.hint });
      }
      if (wanted.size > 0 && id === command) await load(id, true);
    },
    async forget(name: string): Promise<void> {
      try {
        await store.forgetSecret(command, name);
        const others = (names: string[]) => names.filter((n) => n !== name);
        known = { ...known, names: others(known.names), changed: others(known.changed) };
        toast(`The keychain has forgotten ${name}`);
      } catch (reason) {
        const e = ApiError.from(reason);
        toast.error(e.message, { description: e.hint });
      }
    },
  };
}
export type Kept = ReturnType<typeof createKeptSecrets>;
