// A signature that is drawn with a finger, a pen or a mouse. Without this script a picture is chosen, or a name entered.
"use strict";
for (const place of document.querySelectorAll(".drawing")) {
  const canvas = place.querySelector("canvas");
  const clear = place.querySelector(".clear");
  const kept = place.querySelector("input[type=hidden]");
  const pen = canvas.getContext("2d");
  const empty = () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    kept.value = "";
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  };
  canvas.hidden = clear.hidden = false;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    pen.moveTo(...at(event));
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  canvas.addEventListener("pointerup", () => {
    kept.value = canvas.toDataURL("image/png");
  });
  clear.addEventListener("click", empty);
  // What was drawn before the form was refused is drawn again.
  if (kept.value) {
    const bytes = Uint8Array.from(atob(kept.value.slice(kept.value.indexOf(",") + 1)), (each) => each.charCodeAt(0));
    createImageBitmap(new Blob([bytes], { type: "image/png" }))
      .then((picture) => pen.drawImage(picture, 0, 0))
      .catch(empty);
  }
}
