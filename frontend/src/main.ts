import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { createServices } from './lib/core/ServiceContainer';
import { createStores } from './lib/stores/StoresContainer';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');

mount(App, { target, props: { stores: createStores(createServices()) } });
