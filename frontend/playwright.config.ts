import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

/** Chromium without a window, or else the whole browser, which takes half as long again. */
const browsers = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);

// Every test has a backend of its own and every worker a lab (see e2e/app.ts), so tests run side by side; much of their
// time is waiting for what a stop or a time-out takes.
export default defineConfig({
  testDir: './e2e',
  testIgnore: 'screenshots.spec.ts',
  globalSetup: './e2e/setup.ts',
  fullyParallel: true,
  workers: 2,
  // No time here is a demand on the product: they end a test that hangs, also on a machine much slower than ours.
  timeout: 180_000,
  // A commit isn't held up by chance, nor is chance kept quiet: what passes only at its second try is told by name at
  // the end of the run (build/test.sh), to be mended. By hand there is no second try.
  retries: process.env.CI ? 1 : 0,
  expect: { timeout: 30_000 },
  reporter: [['line']],
  forbidOnly: true,
  use: {
    viewport: { width: 1280, height: 800 },
    actionTimeout: 30_000,
    // What moves is painted sixty times a second, which is a good part of what a browser costs without a graphics card.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: process.env.VMO_CHROMIUM ?? browsers.find((path) => existsSync(path)) ?? 'chromium',
      // The network is not needed: without these Chromium asks its maker for this and that.
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
