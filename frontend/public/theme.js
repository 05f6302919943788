// Before the first paint, so that the window never flashes in the other theme.
(function () {
  var theme = null;
  try { theme = localStorage.getItem('mode-watcher-mode'); } catch { /* storage is off: the system decides */ }
  var dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
})();
