import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { test as base, expect } from '@playwright/test';
import { startApp } from './app';

/**
 * How long 50 actions take in the window with 1,000 VMs, 2,000 commands and 100,000 jobs: from the input to the frame
 * that shows the answer. Each action once right after the start (cold) and once more (warm); the p95 of each is told.
 */
const folder = process.env.VMO_BENCH_DATA ?? resolve(import.meta.dirname, '../../dist/bench-data');
const LIMIT_MS = 100;

const p95 = (all: number[]) => [...all].sort((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1] ?? 0;

/** Does something in the page and waits until it shows; milliseconds from the one to the frame after the other. */
async function timed(page: Page, act: string, shows: string): Promise<number> {
  return page.evaluate(({ act, shows }) => new Promise<number>((done, fail) => {
    const seen = new Function(`return (${shows})`) as () => boolean;
    const began = performance.now();
    (new Function(act) as () => void)();
    const look = () => {
      if (seen()) return requestAnimationFrame(() => done(performance.now() - began));
      if (performance.now() - began > 10_000) return fail(new Error(`doesn't show: ${shows}`));
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }), { act, shows });
}

const type = (selector: string, text: string) => `const e = document.querySelector(${JSON.stringify(selector)}); e.focus(); e.value = ${JSON.stringify(text)}; e.dispatchEvent(new Event('input', { bubbles: true }));`;
const key = (key: string, mod = false) => `(document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key: ${JSON.stringify(key)}, ctrlKey: ${mod}, bubbles: true, cancelable: true }));`;
const rows = `[...document.querySelectorAll('[data-job]')].map((e) => e.dataset.job).join()`;
const texts = (selector: string) => `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`;

/** Name, what is done, what shows then. Typing waits 150 ms for the next letter before it asks: that pause is taken off. */
function actions(): { name: string; act: string; shows: string; pause: number }[] {
  const out: { name: string; act: string; shows: string; pause: number }[] = [];
  const drawn = (selector: string) => `${texts(selector)}.join()`;
  for (let i = 0; i < 4; i++) {
    for (const [what, field, list] of [['VMs', '#vm-filter', '[data-row]'], ['commands', 'input[aria-label="Filter commands"]', '[data-command]']] as const) {
      out.push({ name: `filter the ${what}`, act: `window.before = ${drawn(list)}; ${type(field, ['12', '7', '99', '3'][i] ?? '5')}`, shows: `${drawn(list)} !== window.before`, pause: 0 });
      out.push({ name: `choose one of the ${what}`, act: `window.chosen = document.querySelectorAll('${list}')[1]; window.chosen.click();`, shows: "window.chosen.getAttribute('aria-selected') === 'true'", pause: 0 });
      out.push({ name: `all of the ${what} again`, act: `window.before = ${drawn(list)}; ${type(field, '')}`, shows: `${drawn(list)} !== window.before`, pause: 0 });
    }
    out.push({ name: 'switch to the history', act: key('h', true), shows: "document.querySelectorAll('[data-job]').length > 5", pause: 0 });
    out.push({ name: 'open the palette', act: key('k', true), shows: "document.querySelector('#palette-list [role=option]') !== null", pause: 0 });
    out.push({ name: 'search in the palette', act: type('[role=dialog] input', `web ${i}`), shows: `${texts('#palette-list [role=option]')}.some((t) => /web/i.test(t))`, pause: 0 });
    out.push({ name: 'close the palette', act: key('Escape'), shows: "document.querySelector('#palette-list') === null", pause: 0 });
    out.push({ name: 'filter the history', act: `window.before = ${rows}; ${type('#history-filter', ['disk', 'restart', 'web-1', 'journal', 'uptime', 'docker'][i] ?? 'df')}`, shows: `${rows} !== window.before`, pause: 150 });
    out.push({ name: 'all of the history again', act: `window.before = ${rows}; ${type('#history-filter', '')}`, shows: `${rows} !== window.before`, pause: 150 });
    out.push({ name: 'scroll the history', act: `window.before = ${rows}; document.querySelector('[aria-label=Jobs]').scrollTop += 1500;`, shows: `${rows} !== window.before`, pause: 0 });
    out.push({ name: 'switch to Run', act: key('l', true), shows: "document.querySelector('[data-execution]') !== null", pause: 0 });
  }
  // The last one leaves nothing open for the next round.
  return [...out.slice(0, 49), ...out.filter((a) => a.name === 'switch to Run').slice(0, 1)];
}

base('50 actions on a large history, cold and warm', async ({ page }) => {
  const app = await startApp(folder, join(folder, 'ssh_config'));
  try {
    const began = Date.now();
    await page.goto(app.url);
    await expect(page.getByRole('option').first()).toBeVisible({ timeout: 60_000 });
    const start = Date.now() - began;
    const lines = [`start of the page to the list of VMs: ${start} ms`];
    for (const round of ['cold', 'warm']) {
      const all: { name: string; ms: number }[] = [];
      const counts: number[] = [];
      for (const a of actions()) {
        const ms = await timed(page, a.act, a.shows).catch((reason: unknown) => { throw new Error(`${round}, action ${all.length + 1}, ${a.name}: ${String(reason)}`); });
        all.push({ name: a.name, ms: Math.max(0, ms - a.pause) });
        if (a.pause) counts.push(await timed(page, '', "!document.querySelector('[data-counts][aria-busy=true]')"));
      }
      const names = [...new Set(all.map((a) => a.name))];
      lines.push(`${round}: p95 ${p95(all.map((a) => a.ms)).toFixed(0)} ms of ${all.length} actions (at most ${LIMIT_MS} wanted)`);
      lines.push(`  the counts of the history, after its jobs: ${counts.map((ms) => ms.toFixed(0)).join(' ')}`);
      for (const name of names) lines.push(`  ${name}: ${all.filter((a) => a.name === name).map((a) => a.ms.toFixed(0)).join(' ')}`);
    }
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    await app.stop();
  }
});
