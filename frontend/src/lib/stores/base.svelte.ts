import { ApiError } from '../services/api/ApiError';

/** What every store has: loading and error, handled alike. */
export function createBaseStore() {
  let loading = $state(false);
  let error = $state.raw<ApiError | null>(null);
  let calls = 0;
  let newest = 0;
  let latest: Promise<unknown> = Promise.resolve();

  const base = {
    get loading() { return loading; },
    get error() { return error; },
    setError(e: ApiError | null) { error = e; },
    clearError() { error = null; },
    /** Runs a read that fills the store: its failure stays in `error`, and undefined comes back. */
    async load<T>(action: () => Promise<T>, current = () => true): Promise<T | undefined> {
      calls++;
      loading = true;
      try {
        const result = await action();
        if (!current()) return undefined;
        error = null;
        return result;
      } catch (reason) {
        if (current()) error = ApiError.from(reason);
        return undefined;
      } finally {
        if (--calls === 0) loading = false;
      }
    },
    /** As load, for the read that replaces what is shown. Calls to Go are not ordered: an answer that a newer question has
     *  overtaken is dropped, and whoever asked waits for the newer one, so that what they changed is shown then. */
    async loadLatest<T>(action: () => Promise<T>): Promise<T | undefined> {
      const mine = ++newest;
      const asked = base.load(action, () => mine === newest);
      latest = asked;
      const result = await asked;
      for (let waited: Promise<unknown> = asked; waited !== latest; await waited) waited = latest;
      return result;
    },
  };
  return base;
}

export type BaseStore = ReturnType<typeof createBaseStore>;

/** Makes a factory of stores: logic on top of the base, with the services it names injected. */
export function createStoreFactory<D, S extends object>(logic: (base: BaseStore, dependencies: D) => S): (dependencies: D) => BaseStore & S {
  return (dependencies) => {
    const base = createBaseStore();
    const store = logic(base, dependencies);
    // The base would win without a word.
    for (const name of Object.keys(base)) if (name in store) throw new Error(`a store can't have a ${name} of its own`);
    return Object.defineProperties(store, Object.getOwnPropertyDescriptors(base)) as BaseStore & S;
  };
}
