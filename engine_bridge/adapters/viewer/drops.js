// Sound files that are dropped on the page.

// Let files be dropped anywhere. shade: what is shown while one hovers; take: called with the file.
export function acceptDrops(shade, take) {
  const show = (event) => { event.preventDefault(); shade.hidden = event.type !== "dragover"; };
  for (const type of ["dragover", "dragleave", "drop"]) window.addEventListener(type, show);
  window.addEventListener("drop", (event) => { const [file] = event.dataTransfer.files; if (file) take(file); });
}
