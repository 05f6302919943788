import { test, expect } from './app';
import { log, takeIn, vm } from './steps';

test.use({ taken: true });

test('search over every line: typed, narrowed, walked through and opened by keys alone', async ({ page, app }) => {
  await takeIn(page, app);
  app.vmo('run', '--on', 'web-1', '--', 'echo starting; echo "bind() failed: Address already in use" >&2; sleep 0.2; echo giving up; seq 1 50');
  app.vmo('run', '--on', 'web-1', '--', 'seq 1 20; printf "\\033[31maddress \\033[1malready in use\\033[0m\\n"; for i in 1 2 3 4; do echo "address already in use again $i"; done');
  await expect(page.getByText(/^2 jobs/)).toBeVisible();

  // Empty, then found while one types; the newest job stands first.
  await vm(page, 'web-1').focus();
  await page.keyboard.press('Control+Shift+F');
  const field = page.getByRole('textbox', { name: 'Text to look for' });
  await expect(field).toBeFocused();
  await expect(page.getByText('Every line that a command ever printed is searched')).toBeVisible();
  await page.keyboard.type('address already');
  const found = page.getByRole('region', { name: 'Lines found' });
  const runs = found.getByRole('heading');
  await expect(page.getByRole('status').filter({ hasText: '6 lines in 2 runs, all there is' })).toBeAttached();
  await expect(runs).toHaveCount(2);
  await expect(runs.first()).toContainText('job 2');
  await expect(found.locator('mark').first()).toHaveText('address already');

  // Lines around, and what is folded away.
  await expect(found.getByText('starting', { exact: true })).toBeVisible();
  await found.getByRole('button', { name: '2 more in this run' }).click();
  await expect(found.getByText('again 4')).toBeVisible();

  // Narrowed to a stream, which keeps the other one in reach.
  const narrow = page.getByRole('complementary', { name: 'Narrow the search' });
  await narrow.getByRole('checkbox', { name: /stderr/ }).focus();
  await page.keyboard.press('Space');
  await expect(runs).toHaveCount(1);
  await expect(narrow.getByRole('checkbox', { name: /stdout/ })).not.toBeChecked();
  await narrow.getByRole('button', { name: 'Search everything' }).press('Enter');
  await expect(runs).toHaveCount(2);

  // From the field to the lines and into a log, and back to the same line.
  await field.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('n');
  const second = found.locator('[data-hit]').nth(1);
  await expect(second).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: /^Job 2/ })).toBeVisible();
  await expect(log(page).locator('[data-line="22"]')).toBeInViewport();
  await page.keyboard.press('Escape');
  await expect(second).toBeFocused();

  // Case, an expression without meaning, one with, and nothing.
  await field.fill('Address already');
  await page.getByRole('button', { name: 'Upper and lower case differ' }).press('Enter');
  await expect(runs).toHaveCount(1);
  await page.getByRole('button', { name: 'Regular expression' }).press('Enter');
  await field.fill('already (in');
  await expect(page.getByRole('alert').filter({ hasText: 'the expression has no meaning: missing closing )' })).toBeVisible();
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await field.fill('^add.*use$');
  await expect(found.locator('mark')).toHaveText(['address already in use']);
  await field.fill('no such line');
  await expect(found.getByText(/^Nothing found in/)).toBeVisible();

  // Back where one was.
  await field.press('Escape');
  await expect(field).toBeHidden();
  await expect(page.getByRole('main')).toBeVisible();
});

test('a found line of a job that was deleted meanwhile says so, and leads back', async ({ page, app }) => {
  await takeIn(page, app);
  app.vmo('run', '--on', 'web-1', '--', 'echo soon gone');
  await expect(page.getByText(/^1 job/)).toBeVisible();
  await page.keyboard.press('Control+Shift+F');
  await page.getByRole('textbox', { name: 'Text to look for' }).fill('soon gone');
  const hit = page.getByRole('region', { name: 'Lines found' }).locator('[data-hit]');
  await expect(page.getByRole('status').filter({ hasText: '1 line in 1 run, all there is' })).toBeAttached();
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'History' }).click();
  const job = page.locator('[data-main]:visible').filter({ hasText: 'soon gone' });
  await job.focus();
  await page.keyboard.press('Delete');
  await expect(job).toHaveCount(0);
  await page.keyboard.press('Control+Shift+F');
  await hit.click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('alert')).toHaveText('This job was deleted, and its output with it.');
  await expect(dialog.getByRole('button', { name: 'Retry' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(hit).toBeFocused();
});
