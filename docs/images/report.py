# SPDX-License-Identifier: BSD-3-Clause
"""Takes report.png, a picture of the top of a report; run it in a checkout with a Chromium."""

import base64
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_breast_cancer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.report import browser  # noqa: E402

from sparsefs import GradualPruningSelector  # noqa: E402
from sparsefs.report import write_report  # noqa: E402

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
y = y.map({0: "malignant", 1: "benign"}).rename("diagnosis")
selector = GradualPruningSelector(K=8, random_state=0).fit(X, y)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "report.html"
    write_report(path, selector, X, y, source="breast_cancer.csv")
    driver = browser.start()
    try:
        browser.resize(driver, 1000)
        driver.get(path.as_uri())
        clip = {"x": 0, "y": 0, "width": 1000, "height": 1240, "scale": 1.5}
        shot = {"captureBeyondViewport": True, "clip": clip}
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", shot)
    finally:
        driver.quit()
image = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")
image.quantize(128, dither=Image.Dither.NONE).save(HERE / "report.png", optimize=True)
