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
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'] },
});
