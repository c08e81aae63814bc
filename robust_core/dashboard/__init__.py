"""The only place below pages/ that imports streamlit: controls, charts, components, caching."""
