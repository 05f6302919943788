/** What the window tells of its own speed when it was started with VMO_PROFILE=1. Names and milliseconds, nothing else. */
export type Mark = (name: string, ms: number) => void;

/** Calls after the frame that shows what was done just now. */
const painted = (then: () => void) => requestAnimationFrame(() => requestAnimationFrame(then));

/**
 * Measures, until the returned function is called: "click", from a click to the frame that answers it, and
 * "first-line", from Ctrl+Enter to the frame that shows the new job's first line of output.
 */
export function profile(mark: Mark): () => void {
  let asked = 0;
  let cleared = false;

  const click = (e: MouseEvent) => painted(() => mark('click', performance.now() - e.timeStamp));
  const key = (e: KeyboardEvent) => {
    if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey)) return;
    asked = e.timeStamp;
    cleared = false;
    look();
  };
  // The last job's lines go before the new one's come.
  const look = () => {
    if (!asked) return;
    if (!document.querySelector('[aria-label=Execution] [role=log] [data-line]')) cleared = true;
    else if (cleared) {
      const since = asked;
      asked = 0;
      painted(() => mark('first-line', performance.now() - since));
    }
  };
  const observer = new MutationObserver(look);

  addEventListener('click', click, true);
  addEventListener('keydown', key, true);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    removeEventListener('click', click, true);
    removeEventListener('keydown', key, true);
    observer.disconnect();
  };
}
