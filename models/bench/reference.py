"""Times MediaPipe 1.2.2 on a video, frame by frame, and prints the numbers as JSON.

FaceLandmarker with blendshapes and HandLandmarker with two hands, in video mode, one after the other as a program
would call them: from a decoded RGB picture to both results. Decoding is outside of the times, but within `cpu_s`, as it
is for `rasikad bench`.
"""

import argparse
import json
import os
import pathlib
import sys
import time

os.environ.setdefault("GLOG_minloglevel", "2")

import cv2
import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision

from statistic import WARM_UP_FRAMES, summary

MODELS = pathlib.Path(__file__).resolve().parent.parent / "files" / "models"


def landmarkers(models):
    face = vision.FaceLandmarker.create_from_options(
        vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(models / "face_landmarker.task")),
            running_mode=vision.RunningMode.VIDEO,
            num_faces=1,
            output_face_blendshapes=True,
        )
    )
    hands = vision.HandLandmarker.create_from_options(
        vision.HandLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(models / "hand_landmarker.task")),
            running_mode=vision.RunningMode.VIDEO,
            num_hands=2,
        )
    )
    return face, hands


def measure(path, models):
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        sys.exit(f"reference: {path} cannot be opened as a video; give another, or run `make setup` for the demo's.")
    fps = video.get(cv2.CAP_PROP_FPS)
    face, hands = landmarkers(models)
    frames = []
    cpu_before = time.process_time()
    while True:
        more, bgr = video.read()
        if not more:
            break
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        time_ms = round(len(frames) * 1000 / fps)
        start = time.perf_counter()
        image = mp.Image(mp.ImageFormat.SRGB, rgb)
        seen_face = face.detect_for_video(image, time_ms)
        seen_hands = hands.detect_for_video(image, time_ms)
        taken = time.perf_counter() - start
        frames.append(
            {
                "ms": round(taken * 1000, 3),
                "hands": len(seen_hands.hand_landmarks),
                "face": bool(seen_face.face_landmarks),
            }
        )
    cpu_s = time.process_time() - cpu_before
    face.close()
    hands.close()
    return frames, cpu_s


def peak_mib():
    status = pathlib.Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=pathlib.Path)
    parser.add_argument("--models", type=pathlib.Path, default=MODELS)
    args = parser.parse_args()
    frames, cpu_s = measure(args.video, args.models)
    times = [frame["ms"] for frame in frames]
    with_hands = [bool(frame["hands"]) for frame in frames]
    print(
        json.dumps(
            {
                "mediapipe": mp.__version__,
                "warm_up_frames": WARM_UP_FRAMES,
                "all": summary(times),
                "with_hands": summary(times, with_hands),
                "frames_with_face": sum(frame["face"] for frame in frames),
                "frames_with_hands": sum(with_hands),
                "cpu_s": round(cpu_s, 3),
                "peak_mib": round(peak_mib(), 1),
                "frames": frames,
            }
        )
    )


if __name__ == "__main__":
    main()
