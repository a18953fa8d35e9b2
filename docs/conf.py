"""Configuration of Sphinx. The build needs no network."""

import sparsefs

project = "sparsefs"
author = "the sparsefs developers"
copyright = "2026, the sparsefs developers"
version = release = sparsefs.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
default_role = "code"

autosummary_generate = True
autodoc_typehints = "none"  # types stand in the docstrings
autodoc_default_options = {
    # Metadata routing writes these from a template of scikit-learn's own documentation.
    "exclude-members": "set_fit_request, set_transform_request, set_score_request",
}
numpydoc_show_class_members = False  # the class template lists them

html_theme = "pydata_sphinx_theme"
html_title = f"sparsefs {release}"
html_show_sourcelink = False
html_sidebars = {"changelog": [], "contributing": [], "glossary": [], "index": []}
html_theme_options = {
    "navigation_with_keys": False,
    "search_as_you_type": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
}
