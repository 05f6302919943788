import { flushSync, mount, unmount } from 'svelte';
import { expect, it, vi } from 'vitest';
import { provideStores, type Stores } from '../../stores/StoresContainer';
import UsageLine from './UsageLine.svelte';

it('asks again when what it depends on is another, not when it is only made anew', () => {
  const usage = vi.fn(() => new Promise<never>(() => {}));
  let jobs = $state.raw({ script: 'date', ended: [1] });
  const within: typeof UsageLine = (anchor, props) => { provideStores({ jobStore: { usage } } as unknown as Stores); return UsageLine(anchor, props); };
  const app = mount(within, { target: document.body, props: { get query() { return { script: jobs.script }; }, get version() { return jobs.ended.length; } } });
  flushSync();
  jobs = { script: 'date', ended: [2] };
  flushSync();
  expect(usage).toHaveBeenCalledTimes(1);
  jobs = { script: 'date', ended: [2, 3] };
  flushSync();
  expect(usage).toHaveBeenCalledTimes(2);
  jobs = { script: 'uptime', ended: [2, 3] };
  flushSync();
  expect(usage).toHaveBeenCalledTimes(3);
  void unmount(app);
});
