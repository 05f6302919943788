/**
 * Waits for something that is nearly always there at once, but no longer than `ms`: then it goes on without. A failure is
 * left to whoever asks again.
 */
export function atMost(ms: number, something: Promise<unknown>): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    const over = () => { clearTimeout(timer); done(); };
    something.then(over, over);
  });
}
