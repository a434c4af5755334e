"""Records what MediaPipe 1.2.2 sees in the test media, as numbers: `make goldens`.

The format is described in README.md beside this file. No pictures are written.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.setdefault("GLOG_minloglevel", "2")

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

FORMAT = 1
STILLS = [
    "astronaut.png",
    "single_face.jpg",
    "multi_face.jpg",
    "0-f1-su-ph.jpg",
    "0-f15-hao-ph.jpg",
    "15-f13-anc-ph.jpg",
    "45-m7-di-ph.jpg",
]
SEVERAL_FACES = {"multi_face.jpg": 5}
VIDEOS = ["WolfgangLanger_Pexels.mp4", "single_face.mp4", "no_face.mp4"]
IMAGE_EVERY = 24  # a video's frames 0, 24, 48 … are also seen as stills
LANDMARKS_EVERY = 8  # in video mode the 478 points are kept for frames 0, 8, 16 …


class Reference:
    """MediaPipe's two landmarkers, as the golden tests and the bench know them."""

    def __init__(self, models, mode, num_faces=1):
        self.mode = mode
        self.face = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(models / "face_landmarker.task")),
                running_mode=mode,
                num_faces=num_faces,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
        )
        self.hand = vision.HandLandmarker.create_from_options(
            vision.HandLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(models / "hand_landmarker.task")),
                running_mode=mode,
                num_hands=2,
            )
        )
        self.blendshapes = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.face.close()
        self.hand.close()

    def see(self, bgr, time_ms=None, landmarks=True):
        """One decoded frame → the fields of a golden line."""
        height, width = bgr.shape[:2]
        image = mp.Image(mp.ImageFormat.SRGB, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        if self.mode == vision.RunningMode.VIDEO:
            face = self.face.detect_for_video(image, time_ms)
            hand = self.hand.detect_for_video(image, time_ms)
        else:
            face, hand = self.face.detect(image), self.hand.detect(image)

        faces = []
        for points, shapes, matrix in zip(
            face.face_landmarks, face.face_blendshapes, face.facial_transformation_matrixes
        ):
            self.blendshapes = self.blendshapes or [s.category_name for s in shapes]
            seen = {
                "blendshapes": [round(s.score * 1e4) for s in shapes],
                "pose": [round(float(v) * 1e4) for v in np.asarray(matrix).flat],
            }
            if landmarks:
                seen["landmarks"] = centipixels(points, width, height)
            faces.append(seen)
        hands = [
            {
                "label": side[0].category_name,
                "score": round(side[0].score * 1e4),
                "landmarks": centipixels(points, width, height),
            }
            for points, side in zip(hand.hand_landmarks, hand.handedness)
        ]
        return {
            "width": width,
            "height": height,
            "mean_bgr": [round(v, 2) for v in cv2.mean(bgr)[:3]],
            "faces": faces,
            "hands": hands,
        }


def centipixels(points, width, height):
    """Normalised points → x, y, z, x, y, z … in 1/100 pixel; z is scaled like x."""
    scaled = ((p.x * width, p.y * height, p.z * width) for p in points)
    return [round(v * 100) for point in scaled for v in point]


def frames(path):
    """Index and BGR picture of every frame of a video, and its frames per second."""
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        sys.exit(f"{path} cannot be opened; run `make setup` to fetch the test media.")
    fps = video.get(cv2.CAP_PROP_FPS)
    index = 0
    while True:
        more, bgr = video.read()
        if not more:
            break
        yield index, fps, bgr
        index += 1


def write(path, names, lines, **header):
    header = {
        "format": FORMAT,
        "mediapipe": mp.__version__,
        "opencv": cv2.__version__,
        **header,
        "blendshapes": names,
    }
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in [header, *lines])
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)
    print(f"{path.name}: {len(lines)} lines, {len(text) / 1024:.0f} KiB", flush=True)


def record_images(models, media, out):
    lines = []
    with Reference(models, vision.RunningMode.IMAGE) as reference:
        for name in STILLS:
            bgr = cv2.imread(str(media / name))
            if bgr is None:
                sys.exit(f"{media / name} cannot be read; run `make setup` to fetch the test media.")
            lines.append({"source": name, "num_faces": 1, **reference.see(bgr)})
            if name in SEVERAL_FACES:
                several = SEVERAL_FACES[name]
                with Reference(models, vision.RunningMode.IMAGE, several) as crowd:
                    lines.append({"source": name, "num_faces": several, **crowd.see(bgr)})
        for name in VIDEOS:
            for index, _, bgr in frames(media / name):
                if index % IMAGE_EVERY == 0:
                    seen = reference.see(bgr)
                    lines.append({"source": name, "frame": index, "num_faces": 1, **seen})
        write(out / "image.jsonl", reference.blendshapes, lines, mode="image")
        return reference.blendshapes


def record_video(models, media, out, name, names):
    lines = []
    with Reference(models, vision.RunningMode.VIDEO) as reference:
        for index, fps, bgr in frames(media / name):
            time_ms = round(index * 1000 / fps)
            seen = reference.see(bgr, time_ms, landmarks=index % LANDMARKS_EVERY == 0)
            lines.append({"frame": index, "time_ms": time_ms, **seen})
    path = out / f"video_{pathlib.Path(name).stem}.jsonl"
    write(path, names, lines, mode="video", source=name, fps=fps)


def main():
    here = pathlib.Path(__file__).resolve().parent
    files = here.parent / "files"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=pathlib.Path, default=files / "models")
    parser.add_argument("--media", type=pathlib.Path, default=files / "media")
    parser.add_argument("--out", type=pathlib.Path, default=here)
    args = parser.parse_args()
    names = record_images(args.models, args.media, args.out)
    for name in VIDEOS:
        record_video(args.models, args.media, args.out, name, names)


if __name__ == "__main__":
    main()
