import axe from 'axe-core';
import { expect, type Page } from '@playwright/test';

/** Nothing serious for axe, contrast AA among it; `colours` asks for that alone, where only the theme is another one.
 *  axe runs in the page and says what is wrong alone: its own driver opens a page more, and has every element named that
 *  is right. */
export async function sound(page: Page, asked: 'all' | 'colours' = 'all'): Promise<void> {
  await page.waitForTimeout(200); // colours ease in
  if (await page.evaluate(() => !('axe' in window))) await page.evaluate(axe.source);
  const { violations, passes } = await page.evaluate((colours) => (window as unknown as { axe: typeof axe }).axe.run(document, {
    runOnly: colours ? { type: 'rule', values: ['color-contrast'] } : { type: 'tag', values: ['wcag2a', 'wcag2aa'] },
    resultTypes: ['violations'],
  }), asked === 'colours');
  expect(passes.length).toBeGreaterThan(0);
  expect(violations.filter((v) => v.impact === 'serious' || v.impact === 'critical').map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`)).toEqual([]);
}
