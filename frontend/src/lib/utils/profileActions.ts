import type { Mark } from './profile';

/** Something a person does, and how its answer is known. */
interface Action { name: string; act: () => void; shows: () => boolean; pause?: number }

/** What doesn't show by then is a failure of the measurement. */
const LONGEST_MS = 10_000;
/** Between two actions: nobody is quicker, and what the last one left to paint isn't the next one's. */
const REST_MS = 150;
/** The history waits this long for the next letter before it asks; that pause is no work and taken off. */
const TYPING_MS = 150;

const one = (selector: string) => document.querySelector<HTMLElement>(selector);
/** What a person can see of it: the history is there behind Run. */
const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)].filter((e) => e.checkVisibility({ visibilityProperty: true }));
const drawn = (selector: string) => all(selector).map((e) => e.dataset.job ?? e.textContent).join();

function type(selector: string, text: string): void {
  const field = one(selector) as HTMLInputElement;
  field.focus();
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

function press(key: string, ctrlKey = false): void {
  (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
}

/** 50 actions: filter, choose, switch, search and scroll, four times over with other words. */
function actions(): Action[] {
  const out: Action[] = [];
  let before = '';
  const changes = (name: string, list: string, act: () => void, pause = 0): Action => ({
    name, pause, act: () => { before = drawn(list); act(); }, shows: () => drawn(list) !== before,
  });
  for (let i = 0; i < 4; i++) {
    for (const [what, field, list] of [['VMs', '#vm-filter', '[data-row]'], ['commands', 'input[aria-label="Filter commands"]', '[data-command]']] as const) {
      let chosen: HTMLElement | undefined;
      out.push(changes(`filter the ${what}`, list, () => type(field, ['12', '7', '99', '3'][i] ?? '5')));
      out.push({ name: `choose one of the ${what}`, act: () => { chosen = all(list)[1]; chosen?.click(); }, shows: () => chosen?.getAttribute('aria-selected') === 'true' });
      out.push(changes(`all of the ${what} again`, list, () => type(field, '')));
    }
    out.push({ name: 'switch to the history', act: () => press('h', true), shows: () => all('[data-job]').length > 5 });
    out.push({ name: 'open the palette', act: () => press('k', true), shows: () => one('#palette-list [role=option]') !== null });
    out.push({ name: 'search in the palette', act: () => type('[role=dialog] input', `web ${i}`), shows: () => /web/i.test(drawn('#palette-list [role=option]')) });
    out.push({ name: 'close the palette', act: () => press('Escape'), shows: () => one('#palette-list') === null });
    out.push(changes('filter the history', '[data-job]', () => type('#history-filter', ['disk', 'restart', 'web-1', 'journal'][i] ?? 'df'), TYPING_MS));
    out.push(changes('all of the history again', '[data-job]', () => type('#history-filter', ''), TYPING_MS));
    out.push(changes('scroll the history', '[data-job]', () => { const list = one('[aria-label=Jobs]'); if (list) list.scrollTop += 1500; }));
    out.push({ name: 'switch to Run', act: () => press('l', true), shows: () => one('[data-execution]') !== null });
  }
  // The last one leaves nothing open for the next round.
  return [...out.slice(0, 49), ...out.filter((a) => a.name === 'switch to Run').slice(0, 1)];
}

/** Does something and waits until it shows; milliseconds from the one until the frame with the other is painted. */
function timed({ name, act, shows, pause = 0 }: Action): Promise<number> {
  return new Promise((done, fail) => {
    const began = performance.now();
    act();
    const look = () => {
      // A task that was asked for in a frame comes after its painting.
      if (shows()) setTimeout(() => done(Math.max(0, performance.now() - began - pause)));
      else if (performance.now() - began > LONGEST_MS) fail(new Error(name));
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/**
 * Measures 50 actions when Ctrl Alt A is pressed, for build/bench-actions.sh: each once (marks "cold NAME") and once more
 * ("warm NAME"), from the input until the answer is painted. "actions-ended" has how many could be measured.
 */
export function profileActions(mark: Mark): () => void {
  async function measure(): Promise<void> {
    let ended = 0;
    try {
      for (const round of ['cold', 'warm']) {
        for (const action of actions()) {
          mark(`${round} ${action.name}`, await timed(action));
          ended++;
          await new Promise((rested) => setTimeout(rested, REST_MS));
        }
      }
    } catch (reason) {
      mark(`does not show: ${reason instanceof Error ? reason.message : String(reason)}`, LONGEST_MS);
    }
    mark('actions-ended', ended);
  }
  const key = (e: KeyboardEvent) => { if (e.ctrlKey && e.altKey && e.code === 'KeyA') void measure(); };
  addEventListener('keydown', key, true);
  return () => removeEventListener('keydown', key, true);
}
