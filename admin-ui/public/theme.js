// Runs before the first paint, as a file of its own because the content security policy allows no inline script.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('plinth.theme');
  } catch (_) {
    // Storage may be blocked; the panel then follows the system.
  }
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
})();
