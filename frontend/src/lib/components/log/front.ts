/** Whether keys that nobody took are for what stands in `root`: it is shown, in the dialog in front or where there is none. */
export function inFront(root: HTMLElement | null, target: EventTarget | null): boolean {
  if (!root || root.offsetParent === null || getComputedStyle(root).visibility === 'hidden') return false;
  const on = target instanceof HTMLElement ? target : null;
  return root.contains(on) || (on?.closest('[role=dialog]') ?? document.querySelector('[role=dialog]')) === root.closest('[role=dialog]');
}
