/* The camera beside a model: one picture at a time goes out, the next when its answer is here. */
import { applyThreshold } from "../threshold.js";
import { overlay } from "./overlay.js";

const SIDE = 640; // Pixels of the longer side that are sent: more than the models look at.

export class Camera {
  /**
   * @param {HTMLElement} root with a video
   * @param {{ask: (image: Blob, name: string) => Promise<Response>, colours: Record<string, string>, say: (text: string) => void}} parts
   */
  constructor(root, parts) {
    this.root = root;
    this.video = root.querySelector("video");
    this.parts = parts;
    this.running = false;
    this.taken = 0;
  }

  /** @returns {Promise<boolean>} whether it runs */
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.parts.say("Browsers lend the camera only to sites reached over https or on this very computer. Take a photo and choose it above.");
      return false;
    }
    try {
      this.video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      await this.video.play();
    } catch (error) {
      this.parts.say(error.name === "NotAllowedError" ? "The browser was not allowed to use the camera. Allow it beside the address, then try again." : "There is no camera that can be used.");
      return false;
    }
    this.root.hidden = false;
    this.running = true;
    this.parts.say("");
    this.loop();
    return true;
  }

  /** @returns {boolean} false: it does not run any more */
  stop() {
    this.running = false;
    for (const track of this.video.srcObject?.getTracks() ?? []) track.stop();
    this.video.srcObject = null;
    this.root.hidden = true;
    return false;
  }

  async loop() {
    while (this.running) {
      try {
        const answer = await (await this.parts.ask(await this.frame(SIDE), "camera.jpg")).json();
        this.root.querySelector("svg")?.remove();
        this.video.parentElement.append(overlay(answer, this.parts.colours));
        applyThreshold();
      } catch (error) {
        this.parts.say(error.message);
        this.stop();
      }
    }
  }

  /** What is seen now, at most `side` pixels wide or high. @returns {Promise<Blob>} */
  frame(side) {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, side / Math.max(videoWidth, videoHeight));
    const canvas = new OffscreenCanvas(Math.max(1, videoWidth * scale), Math.max(1, videoHeight * scale));
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  }

  /** @returns {Promise<File>} */
  async shoot() {
    this.taken += 1;
    return new File([await this.frame(Infinity)], `camera-${this.taken}.jpg`, { type: "image/jpeg" });
  }
}
