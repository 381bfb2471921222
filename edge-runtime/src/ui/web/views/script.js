(() => {
  const main = document.querySelector("main[data-state]");
  const lost = document.getElementById("lost");
  let missed = 0;
  async function look() {
    try {
      const answer = await fetch("/live", { cache: "no-store", signal: AbortSignal.timeout(4000) });
      if (answer.status === 401) { location.href = "/login"; return; }
      if (!answer.ok) throw answer.status;
      const state = await answer.text();
      if (missed || state !== main.dataset.state) { location.reload(); return; }
    } catch {
      missed += 1;
      lost.hidden = false;
      main.hidden = true;
    }
    setTimeout(look, 2000);
  }
  if (main) setTimeout(look, 2000);
  const slider = document.getElementById("heat");
  const heat = document.querySelector("img.heat");
  if (slider && heat) {
    slider.parentElement.hidden = false;
    const set = () => { heat.style.opacity = slider.value / 100; };
    slider.addEventListener("input", set);
    set();
  }
  document.querySelectorAll("[data-print]").forEach((key) => {
    key.hidden = false;
    key.addEventListener("click", () => print());
  });
})();
