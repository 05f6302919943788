import { expect, type Page } from '@playwright/test';

/** Opens the window on its first-start screen or its dashboard. */
export async function open(page: Page, app: { url: string }): Promise<void> {
  await page.goto(app.url);
  await expect(page.getByRole('main')).toBeVisible();
}

/** Opens the window with the hosts taken in that are ticked by default, which one is among. */
export async function takeIn(page: Page, app: { url: string; taken?: boolean }, one = 'web-1'): Promise<void> {
  await open(page, app);
  if (!app.taken) await review(page, one);
  await expect(vm(page, one)).toBeVisible();
}

async function review(page: Page, one: string): Promise<void> {
  await page.getByRole('button', { name: /^Review \d+ hosts?/ }).click();
  const sheet = page.getByRole('dialog');
  await expect(sheet.getByRole('checkbox', { name: `Add ${one}`, exact: true })).toBeChecked();
  await sheet.getByRole('button', { name: /^Add \d+/ }).click();
  await expect(sheet).toBeHidden();
}

export const vm = (page: Page, name: string) => page.getByRole('option').filter({ has: page.getByText(name, { exact: true }) });

/** Chooses a VM. In a long list only the rows in sight are drawn: the others are found by the filter. */
export async function choose(page: Page, name: string): Promise<void> {
  const found = (await vm(page, name).count()) > 0;
  if (!found) await page.getByLabel('Filter VMs').fill(name);
  await vm(page, name).click();
  if (!found) await page.getByLabel('Filter VMs').fill('');
}

/** Chooses a VM and runs a free command on it. */
export async function run(page: Page, on: string, command: string): Promise<void> {
  await choose(page, on);
  await page.getByRole('textbox', { name: 'Command', exact: true }).fill(command);
  await page.keyboard.press('Control+Enter');
  const production = page.getByRole('dialog', { name: /^Run this on/ });
  if (/prod/.test(on)) await production.getByRole('button', { name: 'Run' }).click();
}

export const log = (page: Page) => page.getByRole('log').first();
