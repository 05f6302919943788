import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { startApp, test, expect, vmoOn } from './app';
import { log, run, takeIn, vm } from './steps';

test.use({ taken: true });

// The command line: what it offers from the histories of the person's shells, and what is saved of what was run.

const line = (page: Page) => page.getByRole('textbox', { name: 'Command', exact: true });
const form = (page: Page) => page.getByRole('dialog');
const script = (page: Page) => form(page).getByRole('textbox', { name: 'Script', exact: true });
const card = (page: Page, text: string) => page.getByRole('listbox', { name: 'Commands' }).getByRole('option').filter({ has: page.getByText(text, { exact: true }) });

/** The row of a job in the history, unfolded. */
async function past(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+h');
  const row = page.getByRole('region', { name: 'Jobs' }).locator('[data-main]:visible').filter({ hasText: text });
  await expect(row).toBeVisible();
  if ((await row.getAttribute('aria-expanded')) !== 'true') await row.click(); // the history is as it was left
}

test('what was given to ssh by hand is offered, and never taken by itself', async ({ page, lab }) => {
  const dir = mkdtempSync(join(tmpdir(), 'vmo-line-'));
  process.env.HISTFILE = join(dir, 'history');
  writeFileSync(process.env.HISTFILE, "ssh web-1 'echo by-hand; echo all'\nssh -t web-1 'top-by-hand -d 1'\nssh web-1 'echo by-hand --password=hunter2'\nls\n");
  const app = await startApp(join(dir, 'data'), lab.config);
  delete process.env.HISTFILE;
  const jobs = () => vmoOn(join(dir, 'data'), lab.config, 'jobs', '--json').split('\n').filter(Boolean).map((text) => (JSON.parse(text) as { script: string }).script);
  await takeIn(page, app);
  await vm(page, 'web-1').click();

  await test.step('in the line', async () => {
    await line(page).pressSequentially('echo by-h');
    await expect(line(page)).toHaveAccessibleDescription('Tab completes it to echo by-hand; echo all');
    await expect(line(page)).toHaveValue('echo by-h');
    await page.keyboard.press('Enter');
    await expect(log(page)).toContainText('by-h');
    expect(jobs()).toEqual(['echo by-h']);
    await line(page).pressSequentially('echo by-ha');
    await expect(line(page)).toHaveAccessibleDescription(/^Tab completes/);
    await page.keyboard.press('Escape');
    await expect(line(page)).not.toHaveAccessibleDescription(/^Tab completes/);
    await line(page).pressSequentially('n');
    await page.keyboard.press('Tab');
    await expect(line(page)).toHaveValue('echo by-hand; echo all');
    await page.keyboard.press('Enter');
    await expect(log(page)).toContainText('all');
  });

  await test.step('in a list', async () => {
    const offered = page.getByRole('dialog', { name: 'From your shell history' });
    const show = async () => {
      await page.getByRole('button', { name: 'More about commands' }).click();
      await page.getByRole('menuitem', { name: 'From shell history…' }).click();
    };
    await show();
    await expect(offered.getByRole('listitem').filter({ hasText: 'echo by-hand; echo all' })).toContainText('1 time on web-1');
    await expect(offered).not.toContainText('hunter2');
    await offered.getByRole('button', { name: 'Run echo by-hand; echo all' }).click();
    await expect(offered).toBeHidden();
    await expect(line(page)).toHaveValue('echo by-hand; echo all');
    expect(jobs()).toHaveLength(2);
    await show();
    await offered.getByRole('button', { name: 'Save top-by-hand -d 1' }).click();
    await expect(script(page)).toContainText('top-by-hand -d 1');
    await expect(form(page).getByRole('radio', { name: 'in a terminal' })).toBeChecked();
    await page.keyboard.press('Escape');
    await expect(card(page, 'top-by-hand -d 1')).toHaveCount(0);
  });
  await app.stop();
  rmSync(dir, { recursive: true });
});

test('a past job is saved as a command, its values as defaults, a secret never', async ({ page, app }) => {
  await takeIn(page, app);
  await page.getByRole('button', { name: 'Add command' }).click();
  await form(page).getByLabel('Name', { exact: true }).fill('Greet');
  await script(page).fill('printf "<%s> <%s> %s\\n" {{who}} {{how}} {{pass}} | tr s z');
  for (const [of, type] of [['how', 'Yes or no'], ['pass', 'Secret']] as const) {
    await form(page).getByRole('combobox', { name: `Type of ${of}` }).click();
    await page.getByRole('option', { name: type }).click();
  }
  await form(page).getByLabel('Default of who').fill('world');
  await form(page).getByRole('textbox', { name: 'Working folder' }).fill('/usr');
  await page.keyboard.press('Control+Enter');
  await expect(form(page)).toBeHidden();
  await vm(page, 'web-1').click();
  await page.getByRole('searchbox', { name: 'Filter commands' }).fill('greet');
  await card(page, 'Greet').click();
  const who = page.getByRole('textbox', { name: 'who' });
  await expect(who).toHaveValue('world');
  await who.fill(`a 'b' "c"`);
  await page.getByLabel('pass').fill('hunter2');
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText(`<a 'b' "c">`);

  await past(page, 'Greet');
  await page.getByRole('button', { name: 'Save as command' }).click();
  await expect(page.getByRole('dialog', { name: 'Copy of “Greet”' })).toBeVisible();
  await expect(form(page).getByLabel('Default of who')).toHaveValue(`a 'b' "c"`);
  await expect(form(page).getByRole('textbox', { name: 'Working folder' })).toHaveValue('/usr');
  await expect(form(page)).not.toContainText('hunter2');
  await form(page).getByLabel('Name', { exact: true }).fill('Greet him');
  await page.keyboard.press('Control+Enter');
  await expect(form(page)).toBeHidden();
  await page.keyboard.press('Control+l');
  await card(page, 'Greet him').click();
  await expect(who).toHaveValue(`a 'b' "c"`);
  await expect(page.getByLabel('pass')).toHaveValue('');
  await card(page, 'Greet').click();
  await expect(who).toHaveValue('world');

  // Without its command, a script that names a secret can't be saved; any other is what ran, and how it ran.
  await card(page, 'Greet').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(card(page, 'Greet')).toHaveCount(0);
  await past(page, 'Greet');
  await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Save as command' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Edit and run' })).toHaveCount(0);
});

test('a free job, and one whose command is gone, are saved as what ran', async ({ page, app }) => {
  await takeIn(page, app);
  await run(page, 'web-1', 'echo free\necho of all');
  await expect(log(page)).toContainText('of all');
  await past(page, 'echo free');
  await page.getByRole('button', { name: 'Save as command' }).click();
  await expect(form(page).getByLabel('Name', { exact: true })).toHaveValue('');
  await expect(script(page)).toContainText(/echo free\s*echo of all/);
  await page.keyboard.press('Escape');
  await expect(form(page)).toBeHidden();

  await page.getByRole('button', { name: 'Add command' }).click();
  await form(page).getByLabel('Name', { exact: true }).fill('Gone');
  await script(page).fill('echo {{word}}; pwd');
  await form(page).getByLabel('Default of word').fill('one');
  await form(page).getByRole('textbox', { name: 'Working folder' }).fill('/usr');
  await form(page).getByRole('textbox', { name: /^Time-out/ }).fill('3');
  await page.keyboard.press('Control+Enter');
  await expect(form(page)).toBeHidden();
  await page.keyboard.press('Control+l');
  await page.getByRole('searchbox', { name: 'Filter commands' }).fill('gone');
  await card(page, 'Gone').click();
  await page.getByRole('textbox', { name: 'word' }).fill('two words');
  await page.keyboard.press('Control+Enter');
  await expect(log(page)).toContainText('two words');
  await card(page, 'Gone').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(card(page, 'Gone')).toHaveCount(0);
  await past(page, 'Gone');
  await page.getByRole('button', { name: 'Save as command' }).click();
  await expect(form(page).getByLabel('Name', { exact: true })).toHaveValue('Gone');
  await expect(script(page)).toContainText("echo 'two words'; pwd");
  await expect(form(page).getByRole('textbox', { name: 'Working folder' })).toHaveValue('/usr');
  await expect(form(page).getByRole('textbox', { name: /^Time-out/ })).toHaveValue('3');
});
