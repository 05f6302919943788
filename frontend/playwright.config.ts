import { defineConfig } from '@playwright/test';

// Every spec has a backend of its own (see e2e/app.ts), so the files could run side by side; two cores say one.
export default defineConfig({
  testDir: './e2e',
  testIgnore: 'screenshots.spec.ts',
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['line']],
  forbidOnly: true,
  use: {
    viewport: { width: 1280, height: 800 },
    actionTimeout: 15_000,
    launchOptions: {
      executablePath: process.env.VMO_CHROMIUM ?? '/usr/bin/chromium',
      // The network is not needed: without these Chromium asks its maker for this and that.
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
