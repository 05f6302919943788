/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig, type Plugin } from 'vite';

/** The icons are lucide's, the component that draws them is ours: see Icon.svelte. */
const icons: Plugin = {
  name: 'icons',
  enforce: 'pre',
  resolveId(source, importer) {
    if (source === '../Icon.svelte' && importer?.includes('/@lucide/svelte/dist/icons/')) return fileURLToPath(new URL('./src/lib/components/ui/Icon.svelte', import.meta.url));
  },
};

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
