/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { icons } from './vite.icons.ts';

export default defineConfig({
  plugins: [icons, tailwindcss(), svelte()],
  resolve: {
    alias: { $lib: fileURLToPath(new URL('./src/lib', import.meta.url)), $wails: fileURLToPath(new URL('./wailsjs', import.meta.url)) },
    // Svelte's browser build, also under jsdom.
    conditions: process.env.VITEST ? ['browser'] : undefined,
  },
  // Inlined fonts would be data: URLs, which the content security policy refuses.
  build: { assetsInlineLimit: 0, target: 'safari16', chunkSizeWarningLimit: 800 },
  // One jsdom and one copy of each module for all files: a new one for each was two thirds of the time.
  test: { environment: 'jsdom', isolate: false, include: ['src/**/*.test.ts'] },
});
