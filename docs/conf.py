# SPDX-License-Identifier: BSD-3-Clause
"""Configuration of Sphinx. The build needs no network."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # _mathml.py and others here, benchmarks

os.environ["MPLBACKEND"] = "Agg"  # also in what examples start

import sparsefs  # noqa: E402

project = "sparsefs"
author = "the sparsefs developers"
copyright = "2026, the sparsefs developers"
version = release = sparsefs.__version__

extensions = [
    "_mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
default_role = "code"

autosummary_generate = True
autodoc_typehints = "none"  # types stand in the docstrings
autodoc_default_options = {
    # Metadata routing writes these from a template of scikit-learn's own documentation.
    "exclude-members": "set_fit_request, set_partial_fit_request, set_transform_request, "
    "set_score_request",
}
# Several classes have attributes of one name, such as support_.
suppress_warnings = ["ref.python"]
numpydoc_show_class_members = False  # the class template lists them

html_theme = "pydata_sphinx_theme"
html_title = f"sparsefs {release}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["sparsefs.css"]
html_show_sourcelink = False
html_sidebars = {"index": []}
html_theme_options = {
    "navigation_with_keys": False,
    "search_as_you_type": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
}

# Examples run during the build; "-D plot_gallery=0" shows them without running them.
# Only names are given for classes and functions, so that Sphinx can store the configuration.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",  # all of them
    "ignore_pattern": r"__init__\.py",
    "within_subsection_order": "_gallery.ReadingOrder",
    "reset_modules": ("matplotlib", "_gallery.reset"),
    "reset_modules_order": "both",
    "abort_on_example_error": True,
    "only_warn_on_example_error": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1,
    "remove_config_comments": True,
    "doc_module": ("sparsefs",),
    "backreferences_dir": "gallery/backreferences",
    "thumbnail_size": (320, 224),
    "image_srcset": ["2x"],
    "plot_gallery": "True",
}


def setup(app):
    import _made

    app.connect("builder-inited", _made.make)
