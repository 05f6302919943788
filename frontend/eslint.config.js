import boundaries from 'eslint-plugin-boundaries';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

// The three layers: component -> store -> service. Only services/api and services/events import the bindings.
const allow = (from, ...to) => ({ from: { element: { type: from } }, allow: { to: { element: { type: to } } } });

export default ts.config(
  { ignores: ['dist', 'wailsjs', 'node_modules', 'test-results', 'playwright-report'] },
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      'svelte/no-at-html-tags': 'error',
      // Stores keep immutable values in $state.raw: a new Set is a new value, never one that is changed in place.
      'svelte/prefer-svelte-reactivity': 'off',
      'no-alert': 'error',
      'no-console': ['error', { allow: ['error'] }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  {
    files: ['src/**/*.{ts,svelte}'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { typescript: { alwaysTryTypes: true } },
      'boundaries/elements': [
        { type: 'bindings', pattern: 'wailsjs/**', mode: 'full' },
        // The product's words and the one form of errors: every layer speaks them.
        { type: 'words', pattern: ['src/lib/services/api/types.ts', 'src/lib/services/api/ApiError.ts'], mode: 'full' },
        { type: 'service', pattern: 'src/lib/services/**', mode: 'full' },
        { type: 'core', pattern: 'src/lib/core/**', mode: 'full' },
        { type: 'store', pattern: 'src/lib/stores/**', mode: 'full' },
        { type: 'util', pattern: 'src/lib/utils/**', mode: 'full' },
        { type: 'component', pattern: 'src/lib/components/**', mode: 'full' },
        { type: 'root', pattern: 'src/*', mode: 'full' },
      ],
    },
    rules: {
      'boundaries/dependencies': ['error', {
        default: 'disallow',
        policies: [
          allow('words', 'words', 'bindings'),
          allow('service', 'words', 'service', 'bindings', 'util'),
          allow('core', 'core', 'service'),
          allow('store', 'words', 'store', 'service', 'core', 'util'),
          allow('util', 'words', 'util'),
          allow('component', 'words', 'component', 'store', 'util'),
          allow('root', 'words', 'root', 'core', 'store', 'component', 'service', 'util'),
        ],
      }],
    },
  },
);
