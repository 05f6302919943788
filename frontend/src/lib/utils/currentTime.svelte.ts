import { createSubscriber } from 'svelte/reactivity';

const SECOND_MS = 1000;
const ticks = createSubscriber((tick) => {
  const timer = setInterval(tick, SECOND_MS);
  return () => clearInterval(timer);
});

/**
 * The time in Unix milliseconds, for what counts seconds: whoever reads it while it is shown is told anew each second, all
 * by one clock, since each change of the page costs a paint of the window. It stands still when nobody reads it.
 */
export function currentTime(): number {
  ticks();
  return Date.now();
}
